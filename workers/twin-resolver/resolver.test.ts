import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import { MINUTE, resolverRig, twin } from './resolver-rig.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('lookup', () => {
  test('reads memory, then KV, then the chain, and stores the answer in each', async () => {
    const first = resolverRig();
    first.chain.set(7, ok(twin(7, 'a.example')));
    expect(await first.lookup(7)).toEqual({ found: twin(7, 'a.example') });
    expect(first.log).toEqual(['get twin:7', 'get generation', 'chain 7', 'put twin:7']);
    await first.lookup(7);
    expect(first.log).toHaveLength(4);
    expect(first.counted).toEqual(['rmb_cache_misses_total', 'rmb_cache_hits_total']);

    const cold = resolverRig();
    for (const [key, value] of first.kv) cold.kv.set(key, value);
    expect(await cold.lookup(7)).toEqual({ found: twin(7, 'a.example') });
    expect(cold.calls('chain')).toBe(0);
    expect(cold.counted).toEqual(['rmb_cache_hits_total']);
  });

  test('reads KV for a newer record after a minute', async () => {
    const { kv, chain, lookup, calls } = resolverRig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    kv.set(twinKey(7), encodeRecord({ twin: twin(7, 'new'), readAt: Date.now(), generation: '' }));
    expect(await lookup(7)).toEqual({ found: twin(7, 'old') });
    vi.advanceTimersByTime(MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(calls('chain')).toBe(1);
  });

  test('reads a record of ten minutes again if there is no watcher', async () => {
    const { chain, lookup, calls } = resolverRig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    vi.advanceTimersByTime(9 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'old') });
    vi.advanceTimersByTime(2 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(calls('put')).toBe(2);
  });

  test('keeps a record current for the whole generation if there is a watcher', async () => {
    const { kv, chain, lookup, calls } = resolverRig();
    kv.set(GENERATION_KEY, '1');
    chain.set(7, ok(twin(7, 'same')));
    await lookup(7);
    vi.advanceTimersByTime(10_000 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'same') });
    expect(calls('chain')).toBe(1);
  });

  test('takes every record for stale in a new generation', async () => {
    const { kv, chain, lookup, calls } = resolverRig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    kv.set(GENERATION_KEY, '2');
    vi.advanceTimersByTime(MINUTE);
    await lookup(7);
    expect(calls('chain')).toBe(2);
    vi.advanceTimersByTime(MINUTE);
    await lookup(7);
    expect(calls('chain')).toBe(2);
  });

  test('makes one call to the chain for a hundred look-ups at once', async () => {
    const { chain, state, many, calls } = resolverRig();
    state.chainMs = 300;
    chain.set(7, ok(twin(7)));
    expect(await many(7, 100)).toEqual(Array.from({ length: 100 }, () => ({ found: twin(7) })));
    expect(calls('chain')).toBe(1);
    expect(await many(8, 100)).toEqual(Array.from({ length: 100 }, () => ({ unknown: true })));
    expect(calls('chain')).toBe(2);
  });

  test('remembers an unknown twin for seconds, only in memory', async () => {
    const { kv, chain, lookup, calls } = resolverRig();
    expect(await lookup(7)).toEqual({ unknown: true });
    chain.set(7, ok(twin(7)));
    expect(await lookup(7)).toEqual({ unknown: true });
    expect([calls('chain'), kv.size]).toEqual([1, 0]);
    vi.advanceTimersByTime(5000);
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test.each([0, -1, 1.5, 2 ** 32, Number.NaN])('reads nothing for the invalid id %s', async (id) => {
    const { lookup, log } = resolverRig();
    expect(await lookup(id)).toEqual({ unknown: true });
    expect(log).toEqual([]);
  });

  test('removes a twin from KV that left the chain', async () => {
    const { kv, chain, lookup } = resolverRig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    chain.delete(7);
    vi.advanceTimersByTime(11 * MINUTE);
    expect(await lookup(7)).toEqual({ unknown: true });
    expect(kv.size).toBe(0);
  });
});
