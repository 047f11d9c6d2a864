import type { StreamReply } from '../../../client/serving/reply-stream.ts';
import { MAX_OUTPUT, notStarted, type RunningProgram, type ServiceProgram, startProgram } from './running-program.ts';

const NEWLINE = 0x0a;

/**
 * Runs a service's program for one request, and yields each line of its stdout without its end, as soon as it is
 * written. The program waits while nobody reads. It ends with the iteration, and with the request.
 * @param signal aborts when the caller waits no longer
 * @throws what `runProgram` returns as an error
 */
export async function* programLines(
  program: ServiceProgram,
  payload: Uint8Array,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): AsyncGenerator<StreamReply, void, undefined> {
  let running: RunningProgram;
  try {
    running = startProgram(program, payload, env, signal);
  } catch (error) {
    throw new Error(notStarted(error));
  }
  try {
    yield* linesOf(running.stdout);
    const fault = running.close(await running.exited(() => 0));
    if (fault !== undefined) throw new Error(fault);
  } finally {
    running.kill();
    running.close(null);
  }
}

/** Yields the lines of a stream of bytes; what follows the last newline is a line, too. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<StreamReply, void, undefined> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield { data: Buffer.concat([...rest, chunk.subarray(from, end)]) };
      [rest, length, from] = [[], 0, end + 1];
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > MAX_OUTPUT) throw new Error(`a line of the service is longer than ${MAX_OUTPUT} bytes`);
  }
  if (length > 0) yield { data: Buffer.concat(rest) };
}
