import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PartState } from '../../../client/ports.ts';
import { openProgram, type Program } from '../../../test/rig/redis/program.ts';
import { type RedisServer, startRedisServer } from '../../../test/rig/redis/redis.ts';
import { type FaultProxy, startProxy } from '../../../test/rig/relay/proxy.ts';
import { script } from '../scripts.ts';
import { RedisConnection } from './connection.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const UP = { isUp: true, detail: '' };
/** Push an argument to one or two keys, and return the length of the last. */
const PUSH = script("return redis.call('LPUSH', KEYS[1], ARGV[1])");
const PUSH_BOTH = script("redis.call('LPUSH', KEYS[1], ARGV[1]) return redis.call('LPUSH', KEYS[2], ARGV[1])");

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
let stack: AsyncDisposableStack;
beforeEach(async () => {
  await program.redis.flushAll();
  stack = new AsyncDisposableStack();
  proxy = stack.use(await startProxy(redis));
});
afterEach(() => stack.disposeAsync());

const acl = (...rules: string[]) => program.redis.sendCommand(['ACL', 'SETUSER', 'peer', 'on', '>pw', ...rules]);

/** Resolves with a connection behind the proxy once it is up, and with what it reports. */
async function open(user = '') {
  const states: PartState[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const onState = (state: PartState) => {
    states.push(state);
    if (state.isUp) resolve();
  };
  const connection = new RedisConnection(`redis://${user}127.0.0.1:${proxy.port}`, silent, onState);
  stack.defer(() => connection.close());
  await promise;
  return { connection, states };
}

describe('run', () => {
  it('repeats a command until it is answered', async () => {
    const { connection, states } = await open();
    const passed = proxy.stopAt('down', (chunk) => chunk.includes('answer'), false);
    const running = connection.run((client) => client.echo('answer'));
    await passed;
    proxy.restore();
    proxy.cut();
    expect(await running).toBe('answer');
    expect(states.map(({ isUp }) => isUp)).toEqual([true, false, true]);
  });

  it('throws at once what no repetition can change, and reports nothing', async () => {
    const { connection, states } = await open();
    await program.redis.set('text', 'no list');
    let times = 0;
    const pushing = connection.run((client) => {
      times += 1;
      return client.lPush('text', 'entry');
    });
    await expect(pushing).rejects.toThrow('WRONGTYPE');
    expect([times, states]).toEqual([1, [UP]]);
  });

  it('repeats a command that Redis refuses for want of a right, and reports it meanwhile', async () => {
    await acl('+@all', '~*');
    const { connection, states } = await open('peer:pw@');
    await acl('-get');
    const running = connection.run((client) => client.get('key'));
    await expect.poll(() => states.at(-1)?.detail).toMatch(/^NOPERM \(keys of the peer\)/);
    expect(connection.isUp).toBe(false);
    await acl('+get');
    expect(await running).toBeNull();
    expect(states.at(-1)).toEqual(UP);
  });

  it('ends with the connection', async () => {
    const { connection } = await open();
    await proxy.refuse();
    const running = connection.run((client) => client.get('key'));
    connection.close();
    await expect(running).rejects.toThrow();
  });
});

describe('once', () => {
  it('sends a script whole when Redis has forgotten it', async () => {
    const { connection } = await open();
    for (const length of [1, 2]) {
      await program.redis.scriptFlush();
      expect(await connection.once(PUSH, ['list'], ['entry'])).toBe(length);
    }
    expect(await connection.once(PUSH, ['list'], ['entry'])).toBe(3);
  });

  it('throws when the answer is lost, and runs the script once', async () => {
    const { connection } = await open();
    await connection.once(PUSH, ['list'], ['entry']);
    const passed = proxy.stopAt('down', (chunk) => chunk.includes(':2'), false);
    const running = connection.once(PUSH, ['list'], ['entry']);
    running.catch(() => undefined);
    await passed;
    proxy.restore();
    proxy.cut();
    await expect(running).rejects.toThrow();
    await connection.run((client) => client.ping());
    expect(await program.redis.lLen('list')).toBe(2);
  });
});

describe('evaluate', () => {
  beforeEach(() => acl('reset', 'on', '>pw', '+@all', '~msgbus.*'));

  it('throws at once when the ACL forbids the key of a program', async () => {
    const { connection, states } = await open('peer:pw@');
    await expect(connection.evaluate(PUSH, ['forbidden'], ['entry'])).rejects.toThrow(/^NOPERM/);
    await expect(connection.evaluate(PUSH_BOTH, ['msgbus.system.own', 'forbidden'], ['x'])).rejects.toThrow(/^NOPERM/);
    expect([states, await program.redis.dbSize()]).toEqual([[UP], 0]);
  });

  it('waits for the right to a key of the peer', async () => {
    const { connection, states } = await open('peer:pw@');
    await acl('resetkeys', '~list');
    const running = connection.evaluate(PUSH_BOTH, ['list', 'msgbus.system.own'], ['entry']);
    await expect.poll(() => states.at(-1)?.detail).toMatch(/^NOPERM/);
    await acl('~msgbus.*');
    expect(await running).toBe(1);
    expect(connection.isUp).toBe(true);
  });
});

describe('need', () => {
  it('counts Redis as not up while work fails that only a change lets through', async () => {
    const { connection, states } = await open();
    await program.redis.set('text', 'no list');
    const claim = () => connection.need('claiming', () => connection.run((client) => client.lLen('text')));
    await expect(claim()).rejects.toThrow('WRONGTYPE');
    expect(states.at(-1)?.detail).toMatch(/^WRONGTYPE \(claiming\): .*delete it$/);
    // Other work that succeeds tells nothing of this one.
    await connection.need('looking', () => connection.run((client) => client.ping()));
    expect(connection.isUp).toBe(false);
    await program.redis.del('text');
    expect(await claim()).toBe(0);
    expect(connection.isUp).toBe(true);
  });

  it('reports no error that is not of Redis', async () => {
    const { connection, states } = await open();
    const broken = connection.need('claiming', () => Promise.reject(new Error('of the peer')));
    await expect(broken).rejects.toThrow('of the peer');
    expect(states).toEqual([UP]);
  });
});

it('bytes returns a value as it is, though it is not UTF-8', async () => {
  const { connection } = await open();
  const value = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
  await program.redis.set('bytes', value);
  expect(await connection.bytes('bytes')).toEqual(value);
  expect(await connection.bytes('nothing')).toBeNull();
});

it('a waiting client delays no command of the connection', async () => {
  const { connection } = await open();
  const client = await connection.waiting();
  const popping = client.brPop('list', 0);
  expect(await connection.evaluate(PUSH, ['list'], ['entry'])).toBe(1);
  expect(await popping).toEqual({ key: 'list', element: 'entry' });
});

it('close ends every connection', async () => {
  const count = async () => (await program.redis.clientList()).length;
  const before = await count();
  const { connection } = await open();
  await connection.waiting();
  expect(await count()).toBe(before + 2);
  connection.close();
  await expect.poll(count).toBe(before);
});

it('close reports nothing, also of a connection that is not open yet', async () => {
  const hold = proxy.holdAt('down', () => true);
  const states: PartState[] = [];
  const connection = new RedisConnection(`redis://127.0.0.1:${proxy.port}`, silent, (state) => states.push(state));
  await hold.reached;
  connection.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(states).toEqual([]);
});
