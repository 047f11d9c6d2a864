import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './clients/client.ts';

type Stream = 'stdout' | 'stderr';
type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';

/** A program in a process of its own; its disposal kills it. */
export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** All lines that it has written so far, on stdout and stderr. */
  readonly lines: readonly string[];
  /** All that it has written so far. */
  text(stream: Stream): string;
  /**
   * Resolves with what `pick` returns for the first line that it takes, of those written and those to come. Rejects
   * with all lines when the process ends before.
   */
  find<T>(what: string, pick: (line: string, stream: Stream) => T | undefined): Promise<T>;
  signal(name: Signal): void;
  /** Sends a signal; resolves with the exit code, null when the signal killed it. */
  stop(name: Signal): Promise<number | null>;
  /** Closes our end of these streams, as `head` does. */
  stopReading(...streams: readonly Stream[]): void;
  /** Its exit code, null when a signal killed it. Resolves when its output has ended, too. */
  readonly ended: Promise<number | null>;
}

/** How a process is started, besides its command. */
export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | URL;
  readonly stdin?: string;
  /** A process group of its own, so that one signal reaches its children, too. */
  readonly isGroup?: boolean;
}

/** Returns the variables that every process needs. Others stay out: a variable of this process may be a setting. */
export function bareEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE };
}

/** Starts a program. */
export function startProcess(command: readonly [string, ...string[]], options: ProcessOptions = {}): Process {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...bareEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: options.isGroup ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // A program need not read what it is given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const lines: { readonly line: string; readonly stream: Stream }[] = [];
  const texts = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      texts[stream] += chunk;
    });
    createInterface({ input: child[stream] }).on('line', (line) => {
      lines.push({ line, stream });
      for (const listener of [...listeners]) listener();
    });
  }
  let hasEnded = false;
  const ended = endOf(child).finally(() => {
    hasEnded = true;
  });
  const all = () => lines.map(({ line }) => line);
  const find = <T>(what: string, pick: (line: string, stream: Stream) => T | undefined): Promise<T> => {
    const found = new Promise<T>((resolve, reject) => {
      const look = () => {
        const [value] = lines.map(({ line, stream }) => pick(line, stream)).filter((each) => each !== undefined);
        if (value === undefined) return;
        listeners.delete(look);
        resolve(value);
      };
      listeners.add(look);
      look();
      ended.then((code) => reject(new Error(`${program} ended with ${code}:\n${all().join('\n')}`)), reject);
    });
    found.catch(() => undefined);
    return within(found, what);
  };
  const signal = (name: Signal) => {
    if (options.isGroup !== true) child.kill(name);
    // After its end another group may have its number.
    else if (child.pid !== undefined && !hasEnded) process.kill(-child.pid, name);
  };
  return {
    pid: child.pid ?? 0,
    get lines() {
      return all();
    },
    text: (stream) => texts[stream],
    find,
    signal,
    stop: (name) => {
      signal(name);
      return within(ended, `the end of ${program}`);
    },
    stopReading: (...streams) => {
      for (const stream of streams) child[stream].destroy();
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      signal('SIGKILL');
      await ended;
    },
  };
}

/** A program that has said that it is ready. */
export interface Launched extends Process {
  /** Its first line on stdout. */
  readonly ready: string;
}

/** Starts any program and waits for its first line. Throws with all lines when it ends before. */
export async function launchProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Launched> {
  const started = startProcess([program, ...args], { env });
  const ready = await started.find(`${args[0]} to be ready`, (line, stream) =>
    stream === 'stdout' ? line : undefined,
  );
  return Object.assign(started, { ready });
}

/** Starts a program of Node and waits for its first line. Throws with all lines when it ends before. */
export function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Launched> {
  return launchProgram(process.execPath, args, env);
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
}
