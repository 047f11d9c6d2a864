import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { MOST_DIALS } from './dials.ts';
import { encodeRecord, twinKey } from './kv-record.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { DOWN, MINUTE, resolverRig, twin } from './resolver-rig.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const ids = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

describe('a cold isolate', () => {
  test('reads a hundred twins and more by a few dials, and knows them all', async () => {
    const { chain, state, dials, lookups, kv } = resolverRig();
    for (const id of ids(120)) chain.set(id, ok(twin(id)));
    state.chainMs = 300;
    expect(await lookups(ids(120))).toEqual(ids(120).map((id) => ({ found: twin(id) })));
    expect(dials.flat()).toHaveLength(120);
    expect(dials).toHaveLength(MOST_DIALS + 1);
    expect(kv.size).toBe(120);
  });

  test('knows a twin whose answer came after its look-up ended', async () => {
    const { chain, state, lookup, calls, kv } = resolverRig();
    chain.set(7, ok(twin(7)));
    state.chainMs = 2_500;
    expect(await lookup(7)).toEqual({ unavailable: 'the chain is out of reach (ws://node: not reachable)' });
    expect(kv.has(twinKey(7))).toBe(true);
    expect(await lookup(7)).toEqual({ found: twin(7) });
    expect(calls('chain')).toBe(1);
  });

  test('counts a twin once, however often it is asked for, and not if no node answers', async () => {
    vi.setSystemTime(Math.ceil(Date.now() / MINUTE) * MINUTE);
    const memory = new ResolverMemory();
    const { chain, state, lookup, many } = resolverRig(memory);
    for (let n = 0; n < 2_999; n += 1) memory.strangers.mayDial(Date.now());
    chain.set(7, ok(twin(7)));
    state.chainMs = 3_600_000;
    expect(await lookup(7)).toHaveProperty('unavailable');
    // That dial ends after some more seconds, and gives back what was counted.
    for (const answer of await many(7, 3))
      expect(answer).not.toHaveProperty('unavailable', expect.stringMatching('too'));
    vi.advanceTimersByTime(6_000);
    state.chainMs = 300;
    expect(await many(7, 3)).toEqual([1, 2, 3].map(() => ({ found: twin(7) })));
    expect(await lookup(8)).toHaveProperty('unavailable', 'this relay has looked up too many twins in this minute');
  });

  test('reads twins on chain although one of them cannot be read', async () => {
    const { chain, state, lookups, lookup } = resolverRig();
    for (const id of ids(20)) chain.set(id, id === 9 ? DOWN : ok(twin(id)));
    state.chainMs = 300;
    const answers = await lookups(ids(20));
    expect(answers.filter((answer) => 'found' in answer)).toHaveLength(19);
    expect(answers[8]).toHaveProperty('unavailable');
    expect(await lookup(1)).toEqual({ found: twin(1) });
  });

  test('removes a twin from KV that left the chain, by a dial of another request', async () => {
    const { kv, lookups } = resolverRig();
    for (const id of ids(20)) kv.set(twinKey(id), encodeRecord({ twin: twin(id), readAt: 1, generation: 'old' }));
    expect(await lookups(ids(20))).toEqual(ids(20).map(() => ({ unknown: true })));
    expect(kv.size).toBe(0);
  });
});

describe('records that were read together', () => {
  test('are not read again all at once', async () => {
    const { kv, chain, lookups, dials } = resolverRig();
    const readAt = Date.now();
    for (const id of ids(100)) {
      chain.set(id, ok(twin(id)));
      kv.set(twinKey(id), encodeRecord({ twin: twin(id), readAt, generation: '' }));
    }
    vi.advanceTimersByTime(8.75 * MINUTE);
    await lookups(ids(100));
    const early = dials.flat().length;
    expect(early).toBeGreaterThan(25);
    expect(early).toBeLessThan(75);
    vi.advanceTimersByTime(1.25 * MINUTE);
    await lookups(ids(100));
    expect(new Set(dials.flat()).size).toBe(100);
  });

  test('are looked for in KV from three quarters of a minute on', () => {
    const [early, late] = [new ResolverMemory(() => 1), new ResolverMemory(() => 0)];
    for (const memory of [early, late]) {
      memory.remember({ twin: twin(7), readAt: 0, generation: '' }, 0);
      memory.rememberGeneration('g', 0);
    }
    const isCurrent = (memory: ResolverMemory, now: number) => [
      memory.fresh(7, now) !== undefined,
      !memory.generation(now).old,
    ];
    expect([44_999, 45_000].map((now) => isCurrent(early, now))).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(isCurrent(late, 59_999)).toEqual([true, true]);
  });
});
