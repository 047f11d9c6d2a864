import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRequest } from '../../client/serving/durable.ts';
import { openProgram, type Program } from '../../test/rig/redis/program.ts';
import { startRedis } from '../../test/rig/redis/redis.ts';
import type { RedisRig } from '../../test/rig/redis/shared-redis.ts';
import { startProxy } from '../../test/rig/relay/proxy.ts';
import { until } from '../../test/rig/until.ts';
import { leaveNote } from './claim/note.ts';
import { RedisConnection } from './connection/connection.ts';
import { RedisPrograms } from './programs.ts';
import { KEYS, MAX_ENTRIES, MAX_NEVER_SERVED } from './queues.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const request: ServiceRequest = {
  uid: 'uid-1',
  source: '7:sid',
  command: 'wallet.pay',
  data: Buffer.from('hello'),
  tags: 'tag',
  schema: 'application/json',
  expiration: 60,
  now: 1_700_000_000,
  isEncrypted: true,
};
const TWIN = 7;
const SECONDS = 90;

let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
let programs: RedisPrograms;
beforeAll(async () => {
  redis = await startRedis();
  connection = new RedisConnection(redis.url, silent, () => undefined);
  program = await openProgram(redis.url);
  programs = new RedisPrograms(connection);
});
beforeEach(async () => {
  const keys = await program.redis.keys('msgbus.*');
  if (keys.length > 0) await program.redis.del(keys);
});
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const give = (fields: Partial<ServiceRequest> = {}, names = ['a']) =>
  programs.give({ ...request, ...fields }, TWIN, names, SECONDS);

describe('the credit of a stream', () => {
  const stream = { tags: 'rmb.stream,rmb.credit=4' };
  const key = 'msgbus.system.stream.7.uid-1';
  const credit = () => program.redis.get(key);

  it('is in Redis before its service has the request, which names it, and ends with the request', async () => {
    await give(stream);
    const [entry = ''] = await program.redis.lRange('msgbus.wallet.pay', 0, -1);
    expect(JSON.parse(entry)).toMatchObject({ stream: key });
    expect(await credit()).toBe('4');
    expect(await program.redis.ttl(key)).toBeGreaterThan(SECONDS - 30);
    expect(await program.redis.ttl(key)).toBeLessThanOrEqual(SECONDS);
  });

  it('rises, and does not fall for a signal or a repeat that comes late', async () => {
    await give(stream);
    await programs.signal({ kind: 'credit', uid: 'uid-1', credit: 10 }, TWIN);
    await programs.signal({ kind: 'credit', uid: 'uid-1', credit: 9 }, TWIN);
    expect(await give(stream)).toBe('repeated');
    expect(await credit()).toBe('10');
    expect(await program.redis.ttl(key)).toBeGreaterThan(0);
  });

  it('is gone after a cancel, and a later credit does not bring it back', async () => {
    await give(stream);
    await programs.signal({ kind: 'cancel', uid: 'uid-1' }, TWIN);
    await programs.signal({ kind: 'credit', uid: 'uid-1', credit: 10 }, TWIN);
    expect(await credit()).toBeNull();
  });

  it('keeps the credit of a stream for its own twin', async () => {
    await give(stream);
    await programs.signal({ kind: 'credit', uid: 'uid-1', credit: 10 }, 8);
    await programs.signal({ kind: 'cancel', uid: 'uid-1' }, 8);
    expect(await credit()).toBe('4');
  });
});

describe('give', () => {
  it('writes the entry into the queue of its command', async () => {
    expect(await give()).toBe('delivered');
    const [entry = ''] = await program.redis.lRange('msgbus.wallet.pay', 0, -1);
    expect(JSON.parse(entry)).toEqual({
      ver: 1,
      ref: 'uid-1',
      src: '7:sid',
      cmd: 'wallet.pay',
      exp: 60,
      dat: 'aGVsbG8=',
      tag: 'tag',
      ret: 'msgbus.system.reply',
      shm: 'application/json',
      now: 1_700_000_000,
      enc: true,
    });
  });

  it('delivers oldest first to a service that pops from the right', async () => {
    for (const uid of ['uid-1', 'uid-2']) await give({ uid }, [uid]);
    const { ref } = JSON.parse((await program.redis.rPop('msgbus.wallet.pay')) ?? '');
    expect(ref).toBe('uid-1');
  });

  it('remembers each name of a request, for its time', async () => {
    await give({}, ['a', 'b']);
    expect(await give({ uid: 'uid-2' }, ['b'])).toBe('repeated');
    expect(await give({ uid: 'uid-2' }, ['c', 'a'])).toBe('repeated');
    // The refused request leaves no mark: it may come again under that name.
    expect(await give({ uid: 'uid-2' }, ['c'])).toBe('delivered');
    for (const name of ['a', 'b']) {
      expect(await program.redis.ttl(KEYS.seen(name))).toBeGreaterThan(SECONDS / 2);
      expect(await program.redis.ttl(KEYS.seen(name))).toBeLessThanOrEqual(SECONDS);
    }
  });

  it('refuses a request for a full queue, and names the command', async () => {
    await program.redis.sAdd(KEYS.served, 'wallet.pay');
    await program.redis.lPush('msgbus.wallet.pay', Array<string>(MAX_ENTRIES).fill('x'));
    expect(await give()).toEqual({
      reason: 'queue-full',
      detail: expect.stringMatching(/^the queue of 'wallet\.pay' is full: .*try again later$/),
    });
    await program.redis.rPop('msgbus.wallet.pay');
    expect(await give()).toBe('delivered');
  });

  it('refuses a twin whose requests wait in too many queues that nobody serves', async () => {
    const most = MAX_NEVER_SERVED.queues / 10;
    const names = Array.from({ length: most }, (_, n) => `command.${n}`);
    await Promise.all(names.map((command) => give({ command }, [command])));
    expect(await give({ command: 'one.more' })).toEqual({
      reason: 'never-served',
      detail: expect.stringMatching(/^no service has taken a request for 'one\.more' yet, .* of twin 7 can wait/),
    });
    expect(await programs.give({ ...request, command: 'one.more' }, 8, ['b'], SECONDS)).toBe('delivered');
  });

  it('keeps a request out of a list in which a program waits for replies', async () => {
    await program.redis.set(KEYS.replyList('msgbus.wallet.pay'), '');
    expect(await give()).toEqual({
      reason: 'not-allowed',
      detail: "'wallet.pay' is no service here: a program waits for its replies there",
    });
    expect(await program.redis.exists('msgbus.wallet.pay')).toBe(0);
  });

  it('says what is wrong with a queue that is no list, in words of the peer', async () => {
    await program.redis.set('msgbus.wallet.pay', 'text');
    expect(await give()).toEqual({
      reason: 'other',
      detail:
        "the queue of 'wallet.pay' takes nothing: the Redis key 'msgbus.wallet.pay' is not a list: " +
        'delete that key, or name another list',
    });
  });
});

describe('give, while Redis is away', () => {
  /** Programs behind a proxy that holds back what Redis says. */
  const away = async (stack: AsyncDisposableStack) => {
    const proxy = stack.use(await startProxy({ port: Number(new URL(redis.url).port) }));
    const redisAway = new RedisConnection(`redis://127.0.0.1:${proxy.port}`, silent, () => undefined);
    stack.defer(() => redisAway.close());
    const answered = await redisAway.run((client) => client.ping());
    expect(answered).toBe('PONG');
    await proxy.refuse();
    return { proxy, redisAway, programs: new RedisPrograms(redisAway) };
  };

  it('holds a request, and gives it once Redis is back', async () => {
    await using stack = new AsyncDisposableStack();
    const { proxy, programs } = await away(stack);
    const giving = programs.give(request, TWIN, ['away'], SECONDS);
    await proxy.listen();
    expect(await giving).toBe('delivered');
  });

  it('refuses a request whose life is over', async () => {
    await using stack = new AsyncDisposableStack();
    const { programs } = await away(stack);
    expect(await programs.give(request, TWIN, ['away'], 0.01)).toMatchObject({ reason: 'expired' });
  });

  it('throws when the peer stops: the relay must not take it for delivered', async () => {
    await using stack = new AsyncDisposableStack();
    const { programs, redisAway } = await away(stack);
    const giving = programs.give(request, TWIN, ['away'], SECONDS);
    redisAway.close();
    await expect(giving).rejects.toThrow('Redis did not answer');
  });
});

describe('isFirst', () => {
  it('is true once for each name', async () => {
    expect(await programs.isFirst(['a', 'b'], SECONDS)).toBe(true);
    expect(await programs.isFirst(['b'], SECONDS)).toBe(false);
    expect(await programs.isFirst(['c', 'a'], SECONDS)).toBe(false);
    expect(await programs.isFirst(['c'], SECONDS)).toBe(true);
  });

  it('knows nothing of requests for services: a plugin may pass one on to a queue', async () => {
    expect(await programs.isFirst(['a'], SECONDS)).toBe(true);
    expect(await give({}, ['a'])).toBe('delivered');
  });

  it('forgets a name after its time', async () => {
    await programs.isFirst(['a'], SECONDS);
    const [key = ''] = await program.redis.keys('*plugin.a');
    expect(await program.redis.ttl(key)).toBeLessThanOrEqual(SECONDS);
    expect(await program.redis.ttl(key)).toBeGreaterThan(SECONDS / 2);
  });
});

describe('findQuestion', () => {
  const question = {
    command: 'wallet.pay',
    replyTo: 'replies',
    ref: 'my-ref',
    asked: [7, 8],
    seconds: 60,
    seals: new Map([[8, 'seal']]),
    isStream: true,
  };
  const soon = () => performance.now() + 60_000;

  it('returns the question of a uid', async () => {
    await connection.run((client) => leaveNote(client, 'uid-1', question, soon()));
    expect(await programs.findQuestion('uid-1')).toEqual(question);
    expect(await programs.findQuestion('uid-2')).toBeUndefined();
  });

  it('is over with the rest of the request’s life: a late reply must not follow the error about it', async () => {
    await connection.run((client) => leaveNote(client, 'uid-1', question, performance.now() + 5_000));
    expect(await program.redis.pTTL('msgbus.backlog.uid-1')).toBeLessThanOrEqual(5_000);
    await connection.run((client) => leaveNote(client, 'uid-1', question, performance.now() - 1));
    await until('the end of the note', async () => (await programs.findQuestion('uid-1')) === undefined);
  });

  it('looks up no uid that is empty or long: a stranger chooses it', async () => {
    for (const length of [0, 129]) {
      const uid = 'u'.repeat(length);
      await connection.run((client) => leaveNote(client, uid, question, soon()));
      expect(await programs.findQuestion(uid)).toBeUndefined();
    }
    await connection.run((client) => leaveNote(client, 'u'.repeat(128), question, soon()));
    expect(await programs.findQuestion('u'.repeat(128))).toEqual(question);
  });

  it('returns undefined for bytes that are no note', async () => {
    await program.redis.set('msgbus.backlog.uid-1', Buffer.from([0xff, 0x00, 0xff]));
    expect(await programs.findQuestion('uid-1')).toBeUndefined();
  });
});
