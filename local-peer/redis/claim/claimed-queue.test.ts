import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openProgram, type Program } from '../../../test/rig/redis/program.ts';
import { startRedis } from '../../../test/rig/redis/redis.ts';
import type { RedisRig } from '../../../test/rig/redis/shared-redis.ts';
import type { ReplyEntry } from '../../bridge/messages.ts';
import { RedisConnection } from '../connection/connection.ts';
import { KEYS, QUEUES } from '../queues.ts';
import type { ClaimedEntry } from './claimed-entry.ts';
import { ClaimedQueue } from './claimed-queue.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const refused: ReplyEntry = {
  ref: 'my-ref',
  data: new Uint8Array(0),
  source: '7',
  schema: null,
  now: 0,
  error: { code: 1, message: 'refused' },
};

let redis: RedisRig;
let connection: RedisConnection;
let program: Program;
beforeAll(async () => {
  redis = await startRedis();
  connection = new RedisConnection(redis.url, silent, () => undefined);
  program = await openProgram(redis.url);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  connection.close();
  await program[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** A queue, and what it logs and counts. */
function open(name: string) {
  const [warned, counted]: [[object, string][], string[]] = [[], []];
  const log = { ...silent, warn: (fields: object, message: string) => void warned.push([fields, message]) };
  const count = (event: string, detail = '') => void counted.push(`${event} ${detail}`);
  return { queue: new ClaimedQueue(connection, name, { log, count }), warned, counted };
}
async function all(entries: AsyncIterable<ClaimedEntry>): Promise<ClaimedEntry[]> {
  const found: ClaimedEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}
const textsOf = (entries: readonly ClaimedEntry[]) => entries.map((entry) => entry.read());

describe('claim', () => {
  it('takes no more than its caller has room for, and leaves the others in the queue', async () => {
    const { queue } = open('room');
    await program.redis.lPush('room', ['a', 'b', 'c']);
    expect(textsOf(await all(queue.claim(2)))).toEqual(['a', 'b']);
    expect(await program.redis.lRange('room', 0, -1)).toEqual(['c']);
    queue.stop();
  });

  it('takes twice as many entries as before while more of them come', async () => {
    const { queue } = open('growing');
    const entries = Array.from({ length: 40 }, (_, n) => String(n));
    await program.redis.lPush('growing', entries);
    const sizes: number[] = [];
    const texts: string[] = [];
    while (texts.length < 40) {
      const found = textsOf(await all(queue.claim(1_000)));
      sizes.push(found.length);
      texts.push(...found);
    }
    expect(sizes).toEqual([4, 8, 16, 12]);
    expect(texts).toEqual(entries);
    queue.stop();
  });

  it('ends with the entry that makes 16 MiB', async () => {
    const { queue } = open('large');
    const half = 'x'.repeat(8 * 2 ** 20);
    await program.redis.lPush('large', [half, half, 'small']);
    expect(await all(queue.claim(4))).toHaveLength(2);
    expect(textsOf(await all(queue.claim(4)))).toEqual(['small']);
    await program.redis.del(KEYS.claimed('large'));
    queue.stop();
  });

  it('keeps entries in order although the clock is set back', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 2_000_000_000_000 });
    const { queue } = open('clock');
    await program.redis.lPush('clock', ['a', 'b']);
    const before = await all(queue.claim(1));
    vi.setSystemTime(1_900_000_000_000);
    const uids = [...before, ...(await all(queue.claim(1)))].map(({ uid }) => uid);
    expect((await all(open('clock').queue.leftovers())).map(({ uid }) => uid)).toEqual(uids);
    queue.stop();
  });

  it('rejects when its wait is stopped', async () => {
    const { queue } = open('stopped');
    await program.redis.lPush('stopped', 'a');
    await all(queue.claim(1));
    const waiting = all(queue.claim(1));
    queue.stop();
    await expect(waiting).rejects.toThrow();
  });
});

describe('leftovers', () => {
  it('gives entries of a previous run: oldest first, with uid, time and settled places', async () => {
    const { queue: before } = open('left');
    await program.redis.lPush('left', ['a', 'b', 'c']);
    vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 });
    const [first, second, third] = await all(before.claim(4));
    await first?.settle(1, 3);
    await second?.end();
    before.stop();
    const found = await all(open('left').queue.leftovers());
    expect(found.map(({ uid }) => uid)).toEqual([first?.uid, third?.uid]);
    expect(found.map(({ settled }) => [...settled])).toEqual([[1], []]);
    expect(found.map(({ claimedAt }) => claimedAt)).toEqual([first?.claimedAt, third?.claimedAt]);
    expect(textsOf(found)).toEqual(['a', 'c']);
  });

  it('leaves entries alone that are in the peer’s memory', async () => {
    const { queue, counted } = open('held');
    await program.redis.lPush('held', ['a', 'b']);
    const found = await all(queue.claim(4));
    expect(await all(queue.leftovers())).toEqual([]);
    expect(await program.redis.hLen(KEYS.claimed('held'))).toBe(2);
    await found[0]?.end();
    expect(await all(queue.leftovers())).toEqual([]);
    expect(counted).toEqual([]);
    queue.stop();
  });

  it('removes marks whose entry is gone', async () => {
    await program.redis.hSet(KEYS.claimed('marks'), '0000000000000001.gone#3', '');
    expect(await all(open('marks').queue.leftovers())).toEqual([]);
    expect(await program.redis.exists(KEYS.claimed('marks'))).toBe(0);
  });

  it('gives the envelope that an entry had become, and forgets it with its entry', async () => {
    const { queue: before } = open('sealed');
    await program.redis.lPush('sealed', ['a', 'b', 'c']);
    const [first, second, third] = await all(before.claim(4));
    // Bytes that are no text.
    const bytes = new Uint8Array([0, 255, 128, 10]);
    for (const entry of [first, second]) await entry?.keep(bytes);
    await second?.end();
    before.stop();
    const found = await all(open('sealed').queue.leftovers());
    expect(found.map(({ uid }) => uid)).toEqual([first?.uid, third?.uid]);
    expect(found.map(({ sealed }) => sealed && new Uint8Array(sealed))).toEqual([bytes, undefined]);
    for (const entry of found) await entry.end();
    expect(await program.redis.exists(KEYS.claimed('sealed'))).toBe(0);
  });

  it('takes its note along with an error of this peer or of a relay: a reply after it would be a second answer, also after a crash', async () => {
    const { queue } = open('noted');
    await program.redis.lPush('noted', ['replied', 'reported', 'told', 'left']);
    const [replied, reported, told, left] = await all(queue.claim(4));
    const question = {
      command: 'c',
      replyTo: 'list',
      ref: null,
      asked: [7],
      seconds: 60,
      seals: new Map<number, string>(),
    };
    const notesOf = async (entry?: ClaimedEntry) => await program.redis.exists(QUEUES.backlog(entry?.uid ?? ''));
    for (const entry of [replied, reported, told, left])
      await entry?.note(entry.uid, question, performance.now() + 60_000);
    const answer = { queue: 'list', times: 1, seconds: 60 };
    // A twin may reply again.
    await replied?.reply(0, 1, { ...answer, entry: refused, fingerprint: 'noted' });
    await reported?.reply(0, 1, { ...answer, entry: { ...refused, source: '0' }, fingerprint: 'reported' });
    await told?.settle(0, 1, { queue: 'list', entry: refused });
    // Others have custody of it: its reply still comes.
    await left?.settle(0, 1);
    expect([await notesOf(replied), await notesOf(reported), await notesOf(told), await notesOf(left)]).toEqual([
      1, 0, 0, 1,
    ]);
    queue.stop();
  });

  it('lets later claims follow the last claim of the previous run', async () => {
    const { queue: before } = open('next');
    await program.redis.lPush('next', ['a', 'b']);
    await all(before.claim(1));
    before.stop();
    const { queue, warned } = open('next');
    expect(textsOf(await all(queue.leftovers()))).toEqual(['a']);
    expect(textsOf(await all(queue.claim(4)))).toEqual(['b']);
    expect(warned).toEqual([]);
    queue.stop();
  });
});

describe('an entry whose replies no list takes', () => {
  it('is settled, logged once and counted each time', async () => {
    const { queue, warned, counted } = open('given up');
    await program.redis.set('ret', 'no list');
    await program.redis.lPush('given up', 'a');
    const [entry] = await all(queue.claim(4));
    const told = { queue: 'ret', entry: refused };
    await entry?.settle(0, 2, told);
    await entry?.settle(1, 2, told);
    expect(counted).toEqual(['entry-lost reply', 'entry-lost reply']);
    expect(warned).toEqual([
      [
        { uid: entry?.uid, ref: 'my-ref' },
        expect.stringMatching(/^gave up a reply: the Redis key 'ret' is not a list/),
      ],
    ]);
    expect(await program.redis.exists(KEYS.claimed('given up'))).toBe(0);
    queue.stop();
  });
});
