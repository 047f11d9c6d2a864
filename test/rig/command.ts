import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DEV_TWINS } from '../../dev-chain/dev-twins.ts';
import { within } from './client.ts';
import type { Network } from './network.ts';

const PROGRAM = 'local-peer/main.ts';

/** How a command of `rmb-peer` ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is still running. */
export interface RunningCommand extends AsyncDisposable {
  readonly pid: number;
  /** Resolves with the first line on stdout that holds this. */
  said(text: string): Promise<string>;
  /** What it has written on stderr so far. */
  stderr(): string;
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
  /** Closes our end of its stdout, as `head` does. */
  stopReading(): void;
  readonly ended: Promise<Ended>;
}

/** A twin's settings for a command, by the environment. */
export function asTwin(network: Network, id: number): Record<string, string> {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return {
    RMB_MNEMONIC: twin.secret,
    RMB_KEY_TYPE: twin.keyType,
    RMB_SUBSTRATE: network.chain.wsUrl,
    RMB_RELAY: network.relay.wsUrl,
  };
}

/** Starts a command; the end of the test ends it. Nothing of our own environment but PATH reaches it. */
export function startCommand(args: readonly string[], env: Record<string, string>, stdin = ''): RunningCommand {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const outputs = { stdout: '', stderr: '' };
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      outputs[name] += chunk;
    });
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    for (const listener of [...listeners]) listener();
  });
  // A command need not read what it is given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const closed = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...outputs })));
  const said = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const line = lines.find((each) => each.includes(text));
        if (line === undefined) return;
        listeners.delete(look);
        resolve(line);
      };
      listeners.add(look);
      look();
      void closed.then(({ code, stderr }) => reject(new Error(`${args[0]} ended with ${code}:\n${stderr}`)));
    });
  return {
    pid: child.pid ?? 0,
    said: (text) => within(said(text), `'${text}' of ${args[0]}`),
    stderr: () => outputs.stderr,
    signal: (name) => void child.kill(name),
    stopReading: () => void child.stdout.destroy(),
    ended: closed,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Runs a command to its end. */
export async function runCommand(args: readonly string[], env: Record<string, string>, stdin = ''): Promise<Ended> {
  await using command = startCommand(args, env, stdin);
  return await within(command.ended, `the end of ${args[0]}`);
}
