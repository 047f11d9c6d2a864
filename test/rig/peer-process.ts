import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { within } from './client.ts';

const SOURCE = 'local-peer/main.ts';
const logLine = z.object({ msg: z.string(), url: z.string().optional() });

/** A peer in a process of its own, as an operator runs it. */
export interface PeerProcess extends AsyncDisposable {
  readonly pid: number;
  /** The line on stdout that says it works. */
  ready(): Promise<string>;
  /** Where its status is served. */
  statusUrl(): Promise<string>;
  /** Everything it has written. */
  output(): string;
  /** Resolves when it has logged this, or has already. */
  logged(message: string): Promise<void>;
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
  /** Closes our end of its stdout and stderr, as `2>&1 | head` does. */
  stopReading(): void;
  /** Its exit code, null when a signal killed it. */
  readonly ended: Promise<number | null>;
}

/** How to start one; nothing of our own environment but PATH reaches it. */
export interface PeerCommand {
  /** Absent: this repository's, from source. */
  readonly command?: readonly [string, ...string[]];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts a peer; the end of the test ends it, whatever it does. */
export function startPeerProcess(start: PeerCommand = {}): PeerProcess {
  const [program, ...before] = start.command ?? [process.execPath, SOURCE];
  const child = spawn(program, [...before, ...(start.args ?? [])], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...start.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
  });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of [...listeners]) listener();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = () => lines.join('\n');
  const find = <T>(what: string, pick: (line: string) => T | undefined): Promise<T> => {
    const found = new Promise<T>((resolve, reject) => {
      const look = () => {
        const [value] = lines.map(pick).filter((each) => each !== undefined);
        if (value === undefined) return;
        listeners.delete(look);
        resolve(value);
      };
      listeners.add(look);
      look();
      void ended.then((code) => reject(new Error(`the peer ended with ${code}:\n${output()}`)));
    });
    found.catch(() => undefined);
    return within(found, `${what} of the peer`);
  };
  return {
    pid: child.pid ?? 0,
    ready: () => find('the first line', (line) => (line.startsWith('rmb-peer: twin') ? line : undefined)),
    statusUrl: () => find('the status', (line) => parsed(line)?.url),
    output,
    logged: async (message) => {
      await find(`'${message}'`, (line) => (parsed(line)?.msg.includes(message) ? line : undefined));
    },
    signal: (name) => void child.kill(name),
    stopReading: () => {
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
    },
    ended,
    [Symbol.asyncDispose]: () => kill(child, ended),
  };
}

function parsed(line: string): z.infer<typeof logLine> | undefined {
  if (!line.startsWith('{')) return undefined;
  return logLine.safeParse(JSON.parse(line)).data;
}

async function kill(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
