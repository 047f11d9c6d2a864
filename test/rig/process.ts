import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from './client.ts';

/** A program in a process of its own. */
export interface Launched {
  readonly pid: number;
  /** Its first line on stdout. */
  readonly ready: string;
  /** All lines it has written so far. */
  readonly said: readonly string[];
  /** Sends a signal and waits for its end; the exit code, null when the signal killed it. */
  stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** Starts a program of Node and waits for its first line. @throws with all it said when it ends before */
export function launch(args: readonly string[], env: Record<string, string> = {}): Promise<Launched> {
  return launchProgram(process.execPath, args, env);
}

/** Starts any program and waits for its first line. @throws with all it said when it ends before */
export async function launchProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Launched> {
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const first = Promise.withResolvers<string>();
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    first.resolve(line);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const early = ended.then((code) => Promise.reject(new Error(`${args[0]} ended with ${code}:\n${said.join('\n')}`)));
  early.catch(() => undefined);
  const ready = await within(Promise.race([first.promise, early]), `${args[0]} to be ready`);
  return {
    pid: child.pid ?? 0,
    ready,
    said,
    stop: async (signal) => {
      child.kill(signal);
      return within(ended, `the end of ${args[0]}`);
    },
  };
}
