import { setImmediate } from 'node:timers/promises';
import type { SingleOutcome } from '../../../client/serving/outcome.ts';
import { PlainLines } from './plain-lines.ts';
import { killGroup, startGroup, terminateGroup } from './process-group.ts';

/** The longest reply of a program, bytes: relays take envelopes of 16 MiB. */
const MAX_OUTPUT = 15 * 2 ** 20;
/** The longest error message, characters. */
const MAX_MESSAGE = 500;
/** Shown part of one request's stderr, characters: a stranger must not fill the log. */
const MAX_SHOWN = 2 ** 20;
/** Time between SIGTERM and SIGKILL, ms. */
const GRACE_MS = 1_000;
/** Largest number of event-loop turns that read pipes empty: a child may go on writing into them. */
const MAX_TURNS = 100;
/** Longest timer of Node, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A program and its arguments. */
export interface ServiceProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Takes each line that the program writes on stderr; it is printable. */
  onStderr(line: string): void;
}

/**
 * Runs a service's program for one request: the payload on its stdin, the reply on its stdout. An exit code other
 * than 0 is an error, with the last line of its stderr as the message. The program and its children end with the
 * request: they are one process group. Never rejects.
 * @param ms limit: the caller waits no longer
 */
export async function runProgram(
  { program, args, onStderr }: ServiceProgram,
  payload: Uint8Array,
  env: NodeJS.ProcessEnv,
  ms: number,
): Promise<SingleOutcome> {
  let child: ReturnType<typeof startGroup>;
  try {
    child = startGroup(program, args, env);
  } catch (error) {
    return notStarted(error);
  }
  const { pid, stdin, stdout, stderr } = child;
  const chunks: Buffer[] = [];
  let shown = 0;
  const lines = new PlainLines((line) => {
    if (shown >= MAX_SHOWN) return;
    shown += line.length + 1;
    onStderr(shown < MAX_SHOWN ? line : 'this program writes too much to stderr: further lines are not shown');
  });
  let size = 0;
  let read = 0;
  let fault: string | undefined;
  stdout.on('data', (chunk: Buffer) => {
    read += 1;
    size += chunk.length;
    if (size <= MAX_OUTPUT) return void chunks.push(chunk);
    fault ??= `the reply of the service is longer than ${MAX_OUTPUT} bytes`;
    killGroup(pid);
  });
  stderr.on('data', (chunk: Buffer) => {
    read += 1;
    lines.push(chunk);
  });
  // A program need not read its stdin.
  stdin.on('error', () => undefined);
  stdin.end(payload);
  let killing: NodeJS.Timeout | undefined;
  const timing = setTimeout(
    () => {
      fault ??= 'the service took longer than its caller waits';
      terminateGroup(pid);
      killing = setTimeout(() => killGroup(pid), GRACE_MS);
    },
    Math.min(ms, MAX_TIMER_MS),
  );
  // Not 'close': a child that still has the pipes would delay it.
  const ended = await new Promise<number | null | Error>((resolve) => {
    child.on('error', resolve);
    child.on('exit', resolve);
  });
  clearTimeout(timing);
  clearTimeout(killing);
  killGroup(pid);
  // Output from before the exit is still in the pipes: two event-loop turns without data mean that they are empty.
  for (let turn = 0, idle = 0; turn < MAX_TURNS && idle < 2 && fault === undefined; turn += 1) {
    const before = read;
    await setImmediate();
    idle = read === before ? idle + 1 : 0;
  }
  for (const stream of [stdin, stdout, stderr]) stream.destroy();
  lines.end();
  if (ended instanceof Error) return notStarted(ended);
  if (fault !== undefined) return { kind: 'error', message: fault };
  if (ended === 0) return { kind: 'response', data: Buffer.concat(chunks) };
  const how = ended === null ? 'was killed by a signal' : `ended with ${ended}`;
  return { kind: 'error', message: lines.last.slice(-MAX_MESSAGE) || `the service ${how}` };
}

/** Without the program's path, which is not for callers. */
function notStarted(error: unknown): SingleOutcome {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return { kind: 'error', message: `the service's program cannot be started${code}` };
}
