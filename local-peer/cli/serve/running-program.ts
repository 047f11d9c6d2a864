import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { PlainLines } from './plain-lines.ts';
import { killGroup, startGroup, terminateGroup } from './process-group.ts';

/** The longest reply of a program, bytes: relays take envelopes of 16 MiB. */
export const MAX_OUTPUT = 15 * 2 ** 20;
/** The longest error message, characters. */
const MAX_MESSAGE = 500;
/** Shown part of one request's stderr, characters: a stranger must not fill the log. */
const MAX_SHOWN = 2 ** 20;
/** Time between SIGTERM and SIGKILL, ms. */
const GRACE_MS = 1_000;

/** Largest number of event-loop turns that read pipes empty: a child may go on writing into them. */
const MAX_TURNS = 100;

/** A program and its arguments. */
export interface ServiceProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Takes each line that the program writes on stderr; it is printable. */
  onStderr(line: string): void;
}

/** One run of a program, for one request. The program and its children are one process group. */
export interface RunningProgram {
  readonly stdout: Readable;
  /**
   * Resolves with the exit code, null after a signal, or why it did not start. Nothing of its group is left then, and
   * its pipes are empty.
   * @param read returns the number of chunks of stdout that were read
   */
  exited(read: () => number): Promise<number | null | Error>;
  kill(): void;
  /** Closes the pipes. Returns why the run is an error, for its caller; undefined when it is a success. */
  close(exit: number | null | Error): string | undefined;
}

/**
 * Starts a program with a payload on its stdin.
 * @param signal ends the program and its children when it aborts
 * @throws when the system refuses the arguments or the environment
 */
export function startProgram(
  { program, args, onStderr }: ServiceProgram,
  payload: Uint8Array,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): RunningProgram {
  const child = startGroup(program, args, env);
  const { pid, stdin, stdout, stderr } = child;
  let [shown, stderrRead, isLate] = [0, 0, false];
  const lines = new PlainLines((line) => {
    if (shown >= MAX_SHOWN) return;
    shown += line.length + 1;
    onStderr(shown < MAX_SHOWN ? line : 'this program writes too much to stderr: further lines are not shown');
  });
  stderr.on('data', (chunk: Buffer) => {
    stderrRead += 1;
    lines.push(chunk);
  });
  // A program need not read its stdin.
  stdin.on('error', () => undefined);
  stdin.end(payload);
  let killing: NodeJS.Timeout | undefined;
  const terminate = () => {
    isLate = true;
    terminateGroup(pid);
    killing = setTimeout(() => killGroup(pid), GRACE_MS);
  };
  if (signal.aborted) terminate();
  signal.addEventListener('abort', terminate);
  // Not 'close': a child that still has the pipes would delay it.
  const exit = new Promise<number | null | Error>((resolve) => {
    child.on('error', resolve);
    child.on('exit', resolve);
  });
  void exit.then(() => {
    signal.removeEventListener('abort', terminate);
    clearTimeout(killing);
    killGroup(pid);
  });
  return {
    stdout,
    exited: async (read) => {
      const ended = await exit;
      // Output from before the exit is still in the pipes: two turns without data mean that they are empty.
      for (let turn = 0, idle = 0; turn < MAX_TURNS && idle < 2; turn += 1) {
        const before = read() + stderrRead;
        await setImmediate();
        idle = read() + stderrRead === before ? idle + 1 : 0;
      }
      return ended;
    },
    kill: () => killGroup(pid),
    close: (ended) => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      lines.end();
      if (ended instanceof Error) return notStarted(ended);
      if (isLate) return 'the service took longer than its caller waits';
      if (ended === 0) return undefined;
      const how = ended === null ? 'was killed by a signal' : `ended with ${ended}`;
      return lines.last.slice(-MAX_MESSAGE) || `the service ${how}`;
    },
  };
}

/** Returns that a program did not start, without its path, which is not for callers. */
export function notStarted(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return `the service's program cannot be started${code}`;
}
