import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../local-relay/port.ts';
import type { RelaySettings } from '../../local-relay/relay.ts';
import { within } from './client.ts';

/** A relay in processes of its own (Node and its workerd), with storage on disk: it can die at any moment. */
export interface KillableRelay extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** Where its storage lies. */
  readonly persist: string;
  readonly isUp: boolean;
  /** What it said so far, over all its lives. */
  readonly said: readonly string[];
  /** Starts it on its port and storage; resolves once it listens. */
  start(): Promise<void>;
  /** SIGKILL to all its processes at once; resolves when they are gone. */
  kill9(): Promise<void>;
  /** `kill9`, then `start`. */
  restart(): Promise<void>;
}

const ROOT = new URL('../..', import.meta.url);

/** Starts one. @param options.persist a directory that stays; absent: one of its own, removed in the end */
export async function startKillableRelay(options: {
  settings: RelaySettings;
  port?: number;
  persist?: string;
}): Promise<KillableRelay> {
  const port = options.port ?? (await freePort());
  const persist = options.persist ?? (await mkdtemp(join(tmpdir(), 'rmb-relay-')));
  const said: string[] = [];
  let child: ChildProcess | undefined;

  const start = async () => {
    const env = Object.fromEntries(Object.entries(options.settings).filter(([, value]) => value !== undefined));
    const args = ['local-relay/main.ts', '--port', String(port), '--persist', persist];
    // A process group of its own: one signal reaches Node and workerd in the same moment.
    const started = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = started;
    const listening = Promise.withResolvers<void>();
    listening.promise.catch(() => undefined);
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (line.startsWith('relay: listening')) listening.resolve();
      });
    }
    started.once('close', (code) => {
      if (child === started) child = undefined;
      listening.reject(new Error(`the relay on port ${port} ended with ${code}:\n${said.slice(-20).join('\n')}`));
    });
    try {
      await within(listening.promise, `the relay on port ${port}`);
    } catch (error) {
      await kill9();
      throw new Error(`${String(error)}; it said:\n${said.slice(-20).join('\n')}`);
    }
  };

  const kill9 = async () => {
    const { pid } = child ?? {};
    if (child === undefined || pid === undefined) return;
    const ended = once(child, 'close');
    process.kill(-pid, 'SIGKILL');
    await within(ended, `the end of the relay on port ${port}`);
    await within(groupGone(pid), `the end of the relay's workerd on port ${port}`);
  };

  await start();
  return {
    port,
    wsUrl: `ws://localhost:${port}`,
    httpUrl: `http://localhost:${port}`,
    persist,
    said,
    get isUp() {
      return child !== undefined;
    },
    start,
    kill9,
    restart: async () => {
      await kill9();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await kill9();
      if (options.persist === undefined) await rm(persist, { recursive: true, force: true });
    },
  };
}

/** Resolves when no process of a group is left: only then port and storage are free. */
async function groupGone(group: number): Promise<void> {
  for (;;) {
    try {
      process.kill(-group, 0);
    } catch {
      return;
    }
    if (await onlyZombies(group)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Where nobody reaps orphans (a container without init), what is left of a group are zombies. */
async function onlyZombies(group: number): Promise<boolean> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(processGroup) === group && state !== 'Z') return false;
  }
  return true;
}
