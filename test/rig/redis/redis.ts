import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../tools/local-relay/port.ts';
import { ensureProgram } from '../clients/debian.ts';
import { type Process, startProcess } from '../process.ts';
import { claimDatabase, type RedisRig } from './shared-redis.ts';

/** A redis-server of a test's own. */
export interface RedisServer extends RedisRig {
  readonly port: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on what it has on disk. */
  start(): Promise<void>;
  /** Stops its process where it is: its sockets stay open, and silent. */
  freeze(): void;
  /** Lets a frozen one continue. */
  thaw(): void;
}

/** How a redis-server is started. */
export interface ServerOptions {
  /** The address of this machine on which it listens; absent: 127.0.0.1. */
  readonly host?: string;
  /** Whether it writes each command to its disk before it answers; absent: it keeps all in memory. */
  readonly isDurable?: boolean;
  readonly flags?: readonly string[];
  /** The path of another server than the one on the PATH. */
  readonly program?: string | undefined;
}

/** Returns an empty Redis: a database of the one at REDIS_URL if that is set, else a new redis-server. */
export async function startRedis(running = process.env.REDIS_URL): Promise<RedisRig> {
  return running ? claimDatabase(running) : startRedisServer();
}

/** Starts a redis-server on a free port. */
export async function startRedisServer(options: ServerOptions = {}): Promise<RedisServer> {
  const { host = '127.0.0.1', flags = [], program = 'redis-server', isDurable = false } = options;
  if (options.program === undefined) ensureProgram('redis-server', 'redis-server');
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'rmb-redis-'));
  const disk = ['--dir', directory, '--save', '', '--appendonly', isDurable ? 'yes' : 'no', '--appendfsync', 'always'];
  let running: Process | undefined;
  const start = async () => {
    running = startProcess([program, '--port', String(port), '--bind', host, ...disk, ...flags]);
    const isReady = (line: string) => line.includes('Ready to accept connections') || undefined;
    await running.find(`the redis-server on port ${port}`, isReady);
  };
  const kill = async () => {
    await running?.stop('SIGKILL');
    running = undefined;
  };
  const freeze = () => running?.signal('SIGSTOP');
  const thaw = () => running?.signal('SIGCONT');
  const close = async () => {
    await kill();
    await rm(directory, { recursive: true, force: true });
  };
  await start();
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `redis://${name}:${port}`, port, kill, start, freeze, thaw, close, [Symbol.asyncDispose]: close };
}
