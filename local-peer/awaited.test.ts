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
      answer: async (place, _, { queue }) => {
        if (queue === 'refused') throw new Error('refused');
        return settled.push([uid, place]) > 0;
      },
    };
    const places = new Map(twins.map((twin, place) => [twin, place]));
    awaited.add(uid, { question, held, total: twins.length, places, sent: new Set(), until });
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

  it('keeps a part open whose answer Redis refuses, and knows each part that was answered', async () => {
    const { awaited, settled, add } = rig();
    const entry = { ref: null, data: new Uint8Array(0), source: '7', schema: null, now: 0, error: null };
    const answer = { queue: 'q', entry, fingerprint: 'f', times: 1, seconds: 60 };
    add('a');
    await expect(awaited.answer('a', 7, { ...answer, queue: 'refused' })).rejects.toThrow('refused');
    expect([awaited.find('a'), await awaited.answer('a', 7, answer)]).toEqual([question, true]);
    expect([awaited.find('a'), await awaited.answer('a', 7, answer)]).toEqual([undefined, undefined]);
    expect(settled).toEqual([['a', 0]]);
  });

  it('counts a request once that is taken up again under its uid', () => {
    const { awaited, ended, add } = rig();
    for (let n = 0; n < 3; n += 1) add('a', { size: 200 * 2 ** 20 });
    expect([awaited.find('a'), ended]).toEqual([question, []]);
  });

  it('knows a request until its last answer is given: another may come behind it', async () => {
    const { awaited, add } = rig();
    const entry = { ref: null, data: new Uint8Array(0), source: '7', schema: null, now: 0, error: null };
    add('a');
    const answering = awaited.answer('a', 7, { queue: 'q', entry, fingerprint: 'f', times: 1, seconds: 60 });
    expect(awaited.find('a')).toEqual(question);
    await answering;
    expect(awaited.find('a')).toBe(undefined);
  });

  it('lets go of what is over, some seconds after its time', () => {
    const { awaited, ended, add } = rig();
    add('a', { until: 1000 });
    add('b', { until: 9000 });
    awaited.sweep(5999);
    expect(ended).toEqual([]);
    awaited.sweep(6000);
    expect(ended).toEqual(['a']);
  });

  it('leaves with what was sent, and keeps what was not for the next start', async () => {
    const { awaited, settled, add } = rig();
    add('a', { twins: [7, 8] });
    add('b');
    awaited.sent('a', 8);
    await awaited.leave();
    expect(settled).toEqual([['a', 1]]);
  });

  it('keeps the newest when there are too many, or they are too large', () => {
    const { awaited, ended, add } = rig();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 27 }), (size) => {
        awaited.sweep(Number.MAX_SAFE_INTEGER);
        ended.length = 0;
        for (const uid of ['a', 'b', 'c']) add(uid, { size });
        expect(ended.filter((uid) => uid === 'c')).toEqual([]);
        expect(ended.includes('a')).toBe(size * 3 > 2 ** 28);
      }),
    );
    for (let n = 0; n < 10_010; n += 1) add(`n${n}`);
    expect(awaited.find('n9')).toBeUndefined();
    expect(awaited.find('n10')).toBeDefined();
  });
});
