import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Awaited } from './awaited.ts';
import type { HeldRequest } from './ports.ts';

const question = { command: 'c', replyTo: 'q', ref: null, asked: [7], seconds: 60, seals: new Map<number, string>() };

function rig() {
  const awaited = new Awaited(() => undefined);
  const ended: string[] = [];
  const settled: [string, number][] = [];
  const add = (uid: string, { size = 1, until = 1000, twins = [7] } = {}) => {
    const held: HeldRequest = {
      uid,
      size,
      claimedAt: 0,
      settled: new Set(),
      note: async () => undefined,
      end: async () => void ended.push(uid),
      settle: async (place) => void settled.push([uid, place]),
      reply: async (place, _, { queue }) => {
        if (queue === 'refused') throw new Error('refused');
        return settled.push([uid, place]) > 0;
      },
    };
    const places = new Map(twins.map((twin, place) => [twin, place]));
    awaited.add(uid, { question, held, total: twins.length, places, accepted: new Map(), until });
  };
  return { awaited, ended, settled, add };
}

describe('Awaited', () => {
  it('settles each twin of a request once, and knows the request until the last', async () => {
    const { awaited, settled, add } = rig();
    add('a', { twins: [7, 8] });
    for (const twin of [7, 7, 9]) await awaited.settle('a', twin);
    expect([settled, awaited.find('a')]).toEqual([[['a', 0]], question]);
    await awaited.settle('a', 8);
    expect([settled.length, awaited.find('a')]).toEqual([2, undefined]);
  });

  it('keeps a part pending whose reply Redis refuses, and knows each part that was answered', async () => {
    const { awaited, settled, add } = rig();
    const entry = { ref: null, data: new Uint8Array(0), source: '7', schema: null, now: 0, error: null };
    const answer = { queue: 'q', entry, fingerprint: 'f', times: 1, seconds: 60 };
    add('a');
    await expect(awaited.reply('a', 7, { ...answer, queue: 'refused' })).rejects.toThrow('refused');
    expect([awaited.find('a'), await awaited.reply('a', 7, answer)]).toEqual([question, true]);
    expect([awaited.find('a'), await awaited.reply('a', 7, answer)]).toEqual([undefined, undefined]);
    expect(settled).toEqual([['a', 0]]);
  });

  it('counts a request once that is resumed under its uid', () => {
    const { awaited, ended, add } = rig();
    for (let n = 0; n < 3; n += 1) add('a', { size: 200 * 2 ** 20 });
    expect([awaited.find('a'), ended]).toEqual([question, []]);
  });

  it('knows a request until its last reply is given: another may follow', async () => {
    const { awaited, add } = rig();
    const entry = { ref: null, data: new Uint8Array(0), source: '7', schema: null, now: 0, error: null };
    add('a');
    const answering = awaited.reply('a', 7, { queue: 'q', entry, fingerprint: 'f', times: 1, seconds: 60 });
    expect(awaited.find('a')).toEqual(question);
    await answering;
    expect(awaited.find('a')).toBe(undefined);
  });

  it('settles a request some seconds after its time', () => {
    const { awaited, ended, add } = rig();
    add('a', { until: 1000 });
    add('b', { until: 9000 });
    awaited.sweep(5999);
    expect(ended).toEqual([]);
    awaited.sweep(6000);
    expect(ended).toEqual(['a']);
  });

  it('settles parts that others have custody of at a stop, and keeps the others for the next start', async () => {
    const { awaited, settled, add } = rig();
    add('a', { twins: [7, 8] });
    add('b');
    awaited.accepted('a', 8, 'handed');
    await awaited.leave(true);
    expect(settled).toEqual([['a', 1]]);
  });

  it('remembers every part that failed within a minute under load: a late reply would be a second answer', async () => {
    const { awaited, add } = rig();
    const told = {
      queue: 'q',
      entry: { ref: null, data: new Uint8Array(0), source: '7', schema: null, now: 0, error: null },
    };
    const uids = Array.from({ length: 40_000 }, (_, n) => `uid-${n}`);
    for (const uid of uids) {
      add(uid);
      await awaited.fail(uid, 7, told);
    }
    expect(uids.every((uid) => awaited.hasFailed(uid, 7))).toBe(true);
  });

  it('keeps a stream that has begun for the next start, which must give its twin more credit', async () => {
    const { awaited, settled, add } = rig();
    add('a');
    add('b');
    for (const uid of ['a', 'b']) awaited.accepted(uid, 7, 'delivered');
    awaited.streams('a', 7);
    await awaited.leave(true);
    expect(settled).toEqual([['b', 0]]);
  });

  it('keeps what a plain relay was handed when that relay may not have it', async () => {
    const { awaited, settled, add } = rig();
    add('a', { twins: [5, 6, 7, 8] });
    awaited.accepted('a', 5, 'handed');
    awaited.accepted('a', 6, 'delivered');
    awaited.accepted('a', 7, 'stored');
    await awaited.leave(false);
    expect(settled).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });

  it('keeps the newest when there are too many, or they are too large', () => {
    const { awaited, settled, add } = rig();
    const addAccepted = (uid: string, size = 1) => {
      add(uid, { size });
      awaited.accepted(uid, 7, 'delivered');
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 27 }), (size) => {
        awaited.sweep(Number.MAX_SAFE_INTEGER);
        settled.length = 0;
        for (const uid of ['a', 'b', 'c']) addAccepted(uid, size);
        const uids = settled.map(([uid]) => uid);
        expect(uids.filter((uid) => uid === 'c')).toEqual([]);
        expect(uids.includes('a')).toBe(size * 3 > 2 ** 28);
      }),
    );
    for (let n = 0; n < 10_010; n += 1) addAccepted(`n${n}`);
    expect(awaited.find('n9')).toBeUndefined();
    expect(awaited.find('n10')).toBeDefined();
  });

  it('drops none that this peer has custody of', () => {
    const { awaited, settled, ended, add } = rig();
    add('mine');
    add('half', { twins: [7, 8] });
    awaited.accepted('half', 7, 'stored');
    for (let n = 0; n < 10_010; n += 1) add(`n${n}`);
    expect([settled, ended]).toEqual([[], []]);
    awaited.accepted('n3', 7, 'stored');
    expect(settled).toEqual([['n3', 0]]);
    expect([awaited.find('mine'), awaited.find('half')]).toEqual([question, question]);
  });
});
