import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { encodeRecord, twinKey } from './kv-record.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { MINUTE, resolverRig, twin } from './resolver-rig.ts';

const UNKNOWN = { unknown: true };

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('an id that no twin has', () => {
  test('is unknown without a look-up above the highest id, which is read once in 6 s', async () => {
    const { state, lookup, calls, counted } = resolverRig();
    state.lastId = 100;
    // Each look-up takes 3 s of the test's clock.
    for (const id of [1000, 1001, 1002]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect([calls('chain 1'), calls('chain last id'), calls('get twin')]).toEqual([1, 1, 1]);
    for (const id of [1003, 1004, 1005]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect([calls('chain 1'), calls('chain last id'), calls('get twin')]).toEqual([1, 3, 1]);
    expect(counted.filter((each) => each === 'relay_lookups_refused_total beyond')).toHaveLength(5);
  });

  test('causes one read of the highest id for many look-ups', async () => {
    const { state, lookup, many, calls } = resolverRig();
    state.lastId = 100;
    await lookup(1000);
    await many(1001, 50);
    expect([calls('chain 1001'), calls('chain last id')]).toEqual([0, 1]);
  });

  test('is looked up at or below the highest id', async () => {
    const { state, lookup, calls } = resolverRig();
    state.lastId = 100;
    for (const id of [99, 98, 97]) expect(await lookup(id)).toEqual(UNKNOWN);
    expect(calls('chain 9')).toBe(3);
  });

  test('is looked up if the chain does not store the highest id', async () => {
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

  test('is known at once after the chain watcher saw it', async () => {
    const { state, chain, lookup, refresh } = resolverRig();
    state.lastId = 100;
    for (const id of [1000, 1001]) await lookup(id);
    chain.set(101, ok(twin(101)));
    await refresh(101);
    expect(await lookup(101)).toEqual({ found: twin(101) });
  });
});

describe('unknown twins', () => {
  test('are read from the chain at most three thousand times a minute, while known twins are served', async () => {
    vi.setSystemTime(Math.ceil(Date.now() / MINUTE) * MINUTE);
    const memory = new ResolverMemory();
    const { kv, chain, lookup, calls, counted } = resolverRig(memory);
    for (let n = 0; n < 3000; n += 1) expect(memory.strangers.mayDial(Date.now())).toBe(true);
    kv.set(twinKey(9), encodeRecord({ twin: twin(9), readAt: Date.now(), generation: '' }));
    chain.set(3, ok(twin(3)));
    expect(await lookup(3)).toEqual({ unavailable: 'this relay has looked up too many twins in this minute' });
    expect(await lookup(9)).toEqual({ found: twin(9) });
    expect([calls('chain '), counted]).toEqual([0, ['relay_lookups_refused_total budget', 'rmb_cache_hits_total']]);
    vi.advanceTimersByTime(MINUTE);
    expect(await lookup(3)).toEqual({ found: twin(3) });
  });
});

describe('an address', () => {
  test('is asked for only if neither memory nor KV has the twin', async () => {
    const { kv, chain, lookup, counted } = resolverRig();
    const mayAsk = vi.fn(async () => true);
    kv.set(twinKey(9), encodeRecord({ twin: twin(9), readAt: 1, generation: '' }));
    for (const id of [3, 9]) chain.set(id, ok(twin(id)));
    for (const id of [9, 9, 3, 3]) expect(await lookup(id, mayAsk)).toEqual({ found: twin(id) });
    expect(mayAsk).toHaveBeenCalledTimes(1);
    expect(counted.filter((each) => each.includes('refused'))).toEqual([]);
  });

  test('at its limit gets no twin that no cache has, and the chain is not asked', async () => {
    const { kv, chain, lookup, calls, counted } = resolverRig();
    kv.set(twinKey(9), encodeRecord({ twin: twin(9), readAt: Date.now(), generation: '' }));
    chain.set(3, ok(twin(3)));
    const mayAsk = async () => false;
    expect(await lookup(3, mayAsk)).toMatchObject({ isLimited: true });
    expect(await lookup(9, mayAsk)).toEqual({ found: twin(9) });
    expect([calls('chain'), counted[0]]).toEqual([0, 'relay_lookups_refused_total address']);
  });
});
