import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { encodeRecord, twinKey } from './kv-record.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { MINUTE, resolverRig, twin } from './resolver-rig.ts';

const UNKNOWN = { unknown: true };

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('an id that no twin has', () => {
  test('above the highest is unknown without a look-up, and the highest is read once in 6 s', async () => {
    const { state, lookup, calls, refused } = resolverRig();
    state.lastId = 100;
    // Each look-up takes 3 s of the test's clock.
    for (const id of [1000, 1001, 1002]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect([calls('chain 1'), calls('chain last id'), calls('get twin')]).toEqual([1, 1, 1]);
    for (const id of [1003, 1004, 1005]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect([calls('chain 1'), calls('chain last id'), calls('get twin')]).toEqual([1, 3, 1]);
    expect(refused).toEqual(Array.from({ length: 5 }, () => 'beyond'));
  });

  test('is asked for by many, and the highest is read once', async () => {
    const { state, lookup, many, calls } = resolverRig();
    state.lastId = 100;
    await lookup(1000);
    await many(1001, 50);
    expect([calls('chain 1001'), calls('chain last id')]).toEqual([0, 1]);
  });

  test('at or below the highest is looked up', async () => {
    const { state, lookup, calls } = resolverRig();
    state.lastId = 100;
    for (const id of [99, 98, 97]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect(calls('chain 9')).toBe(3);
  });

  test('is looked up where the chain does not say which is the highest', async () => {
    const { lookup, calls } = resolverRig();
    for (const id of [1000, 1001]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect(calls('chain 1')).toBe(2);
  });
});

describe('a twin that was just created', () => {
  test('is known after 6 s', async () => {
    const { state, chain, lookup } = resolverRig();
    state.lastId = 100;
    for (const id of [1000, 101]) expect(await lookup(id)).toEqual(UNKNOWN);
    state.lastId = 101;
    chain.set(101, ok(twin(101)));
    vi.advanceTimersByTime(6_000);
    expect(await lookup(101)).toEqual({ found: twin(101) });
  });

  test('is known at once when the chain watcher saw it', async () => {
    const { state, chain, lookup, refresh } = resolverRig();
    state.lastId = 100;
    for (const id of [1000, 1001]) await lookup(id);
    chain.set(101, ok(twin(101)));
    await refresh(101);
    expect(await lookup(101)).toEqual({ found: twin(101) });
  });
});

describe('twins that nothing is known of', () => {
  test('are read from the chain three thousand times a minute at most; known twins are served all the same', async () => {
    vi.setSystemTime(Math.ceil(Date.now() / MINUTE) * MINUTE);
    const memory = new ResolverMemory();
    const { kv, chain, lookup, calls, refused } = resolverRig(memory);
    for (let n = 0; n < 3000; n += 1) expect(memory.strangers.mayDial(Date.now())).toBe(true);
    kv.set(twinKey(9), encodeRecord({ twin: twin(9), readAt: Date.now(), generation: '' }));
    chain.set(3, ok(twin(3)));
    expect(await lookup(3)).toEqual({ unavailable: 'this relay has looked up too many twins in this minute' });
    expect(await lookup(9)).toEqual({ found: twin(9) });
    expect([calls('chain '), refused]).toEqual([0, ['budget']]);
    vi.advanceTimersByTime(MINUTE);
    expect(await lookup(3)).toEqual({ found: twin(3) });
  });
});
