import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartState } from '../../../client/ports.ts';
import { openProgram, type Program } from '../../../test/rig/redis/program.ts';
import { type RedisServer, startRedisServer } from '../../../test/rig/redis/redis.ts';
import { type FaultProxy, startProxy } from '../../../test/rig/relay/proxy.ts';
import { RedisClients } from './clients.ts';
import { RedisCondition } from './condition.ts';
import { refusalOf } from './refusal.ts';
import type { RedisClient } from './watched-client.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const UP = { isUp: true, detail: '' };

let redis: RedisServer;
let program: Program;
beforeAll(async () => {
  redis = await startRedisServer();
  program = await openProgram(redis.url);
});
afterAll(async () => {
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

let proxy: FaultProxy;
/** The server behind the proxy. */
let target: { port: number };
let stack: AsyncDisposableStack;
beforeEach(async () => {
  // Only the ticks and their clock: sockets keep their real time limits.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  stack = new AsyncDisposableStack();
  stack.defer(() => void vi.useRealTimers());
  target = { port: redis.port };
  proxy = stack.use(await startProxy(target));
});
afterEach(() => stack.disposeAsync());

/** Clients behind the proxy, and what they report. */
function open(user = '') {
  const states: PartState[] = [];
  const unusable: string[] = [];
  const condition = new RedisCondition(silent, (state) => states.push(state));
  const url = `redis://${user}127.0.0.1:${proxy.port}`;
  const clients = new RedisClients(url, condition, (reason) => unusable.push(reason));
  stack.defer(() => clients.close());
  return { clients, condition, states, unusable, latest: () => expect.poll(() => states.at(-1)) };
}
const idOf = (client: RedisClient) => client.sendCommand(['CLIENT', 'ID']);
const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

describe('the first connection', () => {
  it('reports when it is ready, lost, and ready again', async () => {
    const { latest } = open();
    await latest().toEqual(UP);
    await proxy.refuse();
    await latest().toMatchObject({ isUp: false, detail: expect.stringContaining('ECONNREFUSED') });
    await proxy.listen();
    await latest().toEqual(UP);
  });

  it('reports a silence of 5 s, and is dialled again after 10 s', async () => {
    const { clients, states, latest } = open();
    await latest().toEqual(UP);
    const before = await idOf(clients.first);
    proxy.blackhole('down');
    pass(5);
    expect(states).toEqual([UP]);
    pass(1);
    expect(states.at(-1)).toEqual({ isUp: false, detail: 'no answer for 5 s or longer' });
    pass(4);
    expect(clients.first.isReady).toBe(true);
    proxy.restore();
    pass(1);
    expect(clients.first.isReady).toBe(false);
    await latest().toEqual(UP);
    expect(await idOf(clients.first)).not.toBe(before);
  });

  it('stays up when the ACL forbids only the PING', async () => {
    await program.redis.sendCommand(['ACL', 'SETUSER', 'pingless', 'on', '>pw', '+@all', '-ping']);
    const { clients, states, latest } = open('pingless:pw@');
    await latest().toEqual(UP);
    pass(1);
    // Answered after the PING of the tick.
    await expect(clients.first.ping()).rejects.toThrow('NOPERM');
    expect(states).toEqual([UP]);
  });

  it('reports a server that refuses every PING for 5 s', async () => {
    const { clients, states, latest } = open();
    await latest().toEqual(UP);
    const loading = '-LOADING Redis is loading the dataset in memory\r\n';
    proxy.rewrite('down', (chunk) => Buffer.from(chunk.toString('latin1').replaceAll('+PONG\r\n', loading)));
    const hold = proxy.holdAt('up', (chunk) => chunk.includes('PING'));
    pass(1);
    await hold.reached;
    pass(4);
    hold.release();
    // Answered after the PING of the tick. The refusal counts from the question, not from the answer.
    await expect(clients.first.ping()).rejects.toThrow('LOADING');
    expect(states).toEqual([UP]);
    pass(1);
    expect(states.at(-1)).toMatchObject({ isUp: false, detail: expect.stringMatching(/^LOADING \(any command\)/) });
  });
});

describe('a further connection', () => {
  it('is one of its own, and reports no loss of its own', async () => {
    const { clients, states, latest } = open();
    await latest().toEqual(UP);
    const other = await clients.open(0);
    expect(await idOf(other)).not.toBe(await idOf(clients.first));
    await program.redis.sendCommand(['CLIENT', 'KILL', 'ID', String(await idOf(other))]);
    await expect.poll(() => idOf(other).catch(() => undefined)).toBeDefined();
    expect(states).toEqual([UP]);
  });

  it('may be silent for as long as its command waits on the server', async () => {
    const { clients, states, latest } = open();
    await latest().toEqual(UP);
    const other = await clients.open(60_000);
    other.brPop('nothing', 0).catch(() => undefined);
    for (let n = 0; n < 60; n += 1) {
      pass(1);
      // The first connection answers meanwhile.
      await clients.first.ping();
    }
    expect(states).toEqual([UP]);
    pass(6);
    expect(states.at(-1)?.detail).toBe('no answer for 5 s or longer');
  });

  it('is dialled again with the first one when one of them stays silent', async () => {
    const { clients, latest } = open();
    await latest().toEqual(UP);
    const other = await clients.open(0);
    const before = await Promise.all([clients.first, other].map(idOf));
    proxy.mute((said) => said.includes('CLIENT'));
    pass(11);
    await latest().toEqual(UP);
    const after = await Promise.all([clients.first, other].map(idOf));
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  });

  it('rejects when all connections are closed before it is open', async () => {
    const { clients } = open();
    const opening = clients.open(0);
    clients.close();
    await expect(opening).rejects.toThrow();
  });
});

describe('a refusal that another server may end', () => {
  it('makes all connections new, once in 5 s', async () => {
    const { clients, condition, latest } = open();
    await latest().toEqual(UP);
    const refusal = refusalOf(await clients.first.sendCommand(['AUTH', 'wrong']).catch((error: unknown) => error));
    if (refusal === undefined) throw new Error('the login was not refused');
    let ready = 0;
    clients.first.on('ready', () => (ready += 1));
    for (let second = 1; second <= 11; second += 1) {
      condition.refused('claiming', 'key', refusal);
      const before = ready;
      pass(1);
      if (!clients.first.isReady) await expect.poll(() => ready).toBe(before + 1);
      condition.passed('key');
    }
    expect(ready).toBe(3);
  });
});

describe('a Redis in cluster mode', () => {
  let cluster: RedisServer;
  beforeAll(async () => {
    cluster = await startRedisServer({ flags: ['--cluster-enabled', 'yes'] });
  });
  afterAll(() => cluster.close());
  const reason = /^Redis runs in cluster mode.*; point --redis to a standalone/;

  it('is unusable from the start', async () => {
    target.port = cluster.port;
    const { unusable, latest } = open();
    await latest().toEqual({ isUp: false, detail: expect.stringMatching(reason) });
    expect(unusable).toEqual([expect.stringMatching(reason)]);
  });

  it('counts as not up after another Redis was there: that one may come back', async () => {
    const { unusable, latest } = open();
    await latest().toEqual(UP);
    target.port = cluster.port;
    proxy.cut();
    await latest().toEqual({ isUp: false, detail: expect.stringMatching(reason) });
    target.port = redis.port;
    proxy.cut();
    await latest().toEqual(UP);
    expect(unusable).toEqual([]);
  });
});
