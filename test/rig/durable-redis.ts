import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../local-relay/port.ts';
import { ensureProgram } from './debian.ts';

/** A redis-server that writes each command to its disk before it answers. */
export interface DurableRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on what it has on disk. */
  start(): Promise<void>;
}

/**
 * @param flags more of redis-server's own
 * @param server path of another redis-server than the one on the PATH
 */
export async function startDurableRedis(flags: readonly string[] = [], server?: string): Promise<DurableRedis> {
  if (server === undefined) ensureProgram('redis-server', 'redis-server');
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'rmb-redis-'));
  const disk = ['--dir', directory, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  let child: ChildProcess | undefined;
  const start = async () => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', ...disk, ...flags];
    const started = spawn(server ?? 'redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it was ready`)));
    });
  };
  const kill = async () => {
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    child = undefined;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
