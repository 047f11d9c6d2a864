import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../tools/local-relay/port.ts';
import type { RelaySettings } from '../../../tools/local-relay/relay.ts';
import { type Process, startProcess } from '../process.ts';
import { until } from '../until.ts';

/** A relay in processes of its own (Node and its workerd), with storage on disk: it can die at any moment. */
export interface KillableRelay extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** The directory of its storage. */
  readonly persist: string;
  readonly isUp: boolean;
  /** All lines that it has written, over all its starts. */
  readonly said: readonly string[];
  /** Starts it on its port and storage; resolves once it listens. @param root another work tree, whose code it runs */
  start(root?: URL): Promise<void>;
  /** Stops it as an operator does; resolves when all its processes are gone. */
  stop(): Promise<void>;
  /** Stops all its processes where they are: its sockets stay open, and silent. */
  freeze(): void;
  /** Lets a frozen relay continue. */
  thaw(): void;
  /** SIGKILL to all its processes at once; resolves when they are gone. */
  kill9(): Promise<void>;
  /** `kill9`, then `start`. */
  restart(): Promise<void>;
}

const ROOT = new URL('../../..', import.meta.url);

/** Starts one. @param options.persist a directory that stays; absent: one of its own, removed in the end */
export async function startKillableRelay(options: {
  settings: RelaySettings;
  port?: number;
  persist?: string;
}): Promise<KillableRelay> {
  const port = options.port ?? (await freePort());
  const persist = options.persist ?? (await mkdtemp(join(tmpdir(), 'rmb-relay-')));
  const lives: Process[] = [];
  let running: Process | undefined;

  const start = async (root = ROOT) => {
    const env = Object.fromEntries(
      Object.entries(options.settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const args = ['tools/local-relay/main.ts', '--port', String(port), '--persist', persist];
    // A process group of its own: one signal reaches Node and workerd in the same moment.
    const started = startProcess([process.execPath, ...args], { cwd: root, env, isGroup: true });
    running = started;
    lives.push(started);
    void started.ended.then(() => {
      if (running === started) running = undefined;
    });
    try {
      await started.find(`the relay on port ${port}`, (line) => line.startsWith('relay: listening') || undefined);
    } catch (error) {
      await kill9();
      throw new Error(`${String(error)}; it said:\n${started.lines.slice(-20).join('\n')}`);
    }
  };

  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (running === undefined) return;
    const { pid } = running;
    await running.stop(signal);
    await until(`the end of the relay's workerd on port ${port}`, () => isGroupGone(pid));
  };

  const kill9 = () => end('SIGKILL');

  await start();
  return {
    port,
    wsUrl: `ws://localhost:${port}`,
    httpUrl: `http://localhost:${port}`,
    persist,
    get said() {
      return lives.flatMap(({ lines }) => lines);
    },
    get isUp() {
      return running !== undefined;
    },
    start,
    stop: () => end('SIGTERM'),
    freeze: () => running?.signal('SIGSTOP'),
    thaw: () => running?.signal('SIGCONT'),
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

/** Returns whether no process of a group is left: only then port and storage are free. */
async function isGroupGone(group: number): Promise<boolean> {
  try {
    process.kill(-group, 0);
  } catch {
    return true;
  }
  return onlyZombies(group);
}

/** In a container without init no process reaps orphans, so zombies remain of a group. */
async function onlyZombies(group: number): Promise<boolean> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(processGroup) === group && state !== 'Z') return false;
  }
  return true;
}
