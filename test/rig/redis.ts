import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../local-relay/port.ts';
import { ensureProgram } from './debian.ts';
import { claimDatabase } from './shared-redis.ts';

/** A Redis of one's own. */
export interface RedisRig extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** An empty Redis: a database of the one at REDIS_URL when that is set, else a redis-server of our own, in memory. */
export async function startRedis(running = process.env.REDIS_URL): Promise<RedisRig> {
  return running ? claimDatabase(running) : startServer();
}

/** Starts a redis-server on a free port of an address of this machine. */
export async function startServer(host = '127.0.0.1'): Promise<RedisRig> {
  ensureProgram('redis-server', 'redis-server');
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'rmb-redis-'));
  const args = ['--port', String(port), '--bind', host, '--save', '', '--appendonly', 'no', '--dir', directory];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
    ended.then(() => reject(new Error(`redis-server ended before it was ready (port ${port})`)));
  });
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `redis://${name}:${port}`, close, [Symbol.asyncDispose]: close };
}
