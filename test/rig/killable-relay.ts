import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local-relay/port.ts';
import { type Launched, launch } from './process.ts';

/** A relay in processes of its own that keeps its storage on disk, so that it can be killed and come back. */
export interface KillableRelay extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** Ends workerd and what started it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and storage. */
  restart(): Promise<void>;
}

/** Starts one. @param settings as in wrangler.toml */
export async function startKillableRelay(settings: Record<string, string>): Promise<KillableRelay> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-relay-'));
  const port = await freePort();
  const start = () =>
    launch(['local-relay/main.ts', '--port', String(port), '--persist', directory], settings, { inGroup: true });
  let running: Launched | undefined = await start();
  const kill = async () => {
    await running?.kill();
    running = undefined;
  };
  return {
    port,
    wsUrl: `ws://localhost:${port}`,
    httpUrl: `http://localhost:${port}`,
    kill,
    restart: async () => {
      running = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
