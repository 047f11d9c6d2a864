import type { SingleOutcome } from '../../../client/serving/outcome.ts';
import { MAX_OUTPUT, notStarted, type RunningProgram, type ServiceProgram, startProgram } from './running-program.ts';

/**
 * Runs a service's program for one request: the payload on its stdin, the reply on its stdout. An exit code other
 * than 0 is an error, with the last line of its stderr as the message. The program and its children end with the
 * request. Never rejects.
 * @param signal aborts when the caller waits no longer
 */
export async function runProgram(
  program: ServiceProgram,
  payload: Uint8Array,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<SingleOutcome> {
  let running: RunningProgram;
  try {
    running = startProgram(program, payload, env, signal);
  } catch (error) {
    return { kind: 'error', message: notStarted(error) };
  }
  const chunks: Buffer[] = [];
  let [size, read] = [0, 0];
  running.stdout.on('data', (chunk: Buffer) => {
    read += 1;
    size += chunk.length;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
    else running.kill();
  });
  const fault = running.close(await running.exited(() => read));
  if (size > MAX_OUTPUT)
    return { kind: 'error', message: `the reply of the service is longer than ${MAX_OUTPUT} bytes` };
  return fault === undefined ? { kind: 'response', data: Buffer.concat(chunks) } : { kind: 'error', message: fault };
}
