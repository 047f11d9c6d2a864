import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import { DOWN, resolverRig, twin } from './resolver-rig.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('refresh', () => {
  test('reads the chain, and rewrites memory and KV', async () => {
    const { kv, chain, lookup, refresh } = resolverRig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    expect(await refresh(7)).toEqual({ found: twin(7, 'new') });
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(kv.get(twinKey(7))).toContain('new');
  });

  test('tells what the caches had before, the newer of both', async () => {
    const { kv, chain, lookup, renew } = resolverRig();
    chain.set(7, ok(twin(7, 'one')));
    expect(await renew(7)).toMatchObject({ before: undefined });
    await lookup(7);
    chain.set(7, ok(twin(7, 'two')));
    expect(await renew(7)).toEqual({ lookup: { found: twin(7, 'two') }, before: twin(7, 'one') });
    kv.clear();
    chain.set(7, ok(twin(7, 'three')));
    expect(await renew(7)).toMatchObject({ before: twin(7, 'two') });
  });

  test('does not write an unchanged record', async () => {
    const { chain, lookup, refresh, calls } = resolverRig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    await refresh(7);
    expect([calls('chain'), calls('put')]).toEqual([2, 1]);
  });

  test('finds a twin that memory has as unknown', async () => {
    const { chain, lookup, refresh } = resolverRig();
    await lookup(7);
    chain.set(7, ok(twin(7)));
    expect(await refresh(7)).toEqual({ found: twin(7) });
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test('keeps the record while the chain is out of reach', async () => {
    const { chain, lookup, refresh } = resolverRig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    chain.set(7, DOWN);
    expect(await refresh(7)).toHaveProperty('unavailable');
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test('reads at the given block, and fails if KV cannot be rewritten', async () => {
    const { chain, refresh, log, state } = resolverRig();
    chain.set(7, ok(twin(7)));
    await refresh(7, '0xab');
    expect(log).toContain('chain 7 at 0xab');
    chain.set(7, ok(twin(7, 'new')));
    state.kvDown = true;
    expect(await refresh(7)).toHaveProperty('unavailable', expect.stringContaining('cannot be rewritten'));
  });

  test('rewrites an old record in KV, even if memory has the newer one', async () => {
    const { kv, chain, refresh } = resolverRig();
    chain.set(7, ok(twin(7, 'new')));
    await refresh(7);
    kv.set(twinKey(7), encodeRecord({ twin: twin(7, 'old'), readAt: 1, generation: '' }));
    await refresh(7);
    expect(kv.get(twinKey(7))).toContain('new');
  });

  test('is not undone by a look-up that started before it', async () => {
    const { kv, chain, state, lookup, refresh } = resolverRig();
    chain.set(7, ok(twin(7, 'old')));
    state.chainMs = 1000;
    const early = lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    state.chainMs = 0;
    vi.advanceTimersByTime(1);
    await refresh(7);
    await early;
    expect(kv.get(twinKey(7))).toContain('new');
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
  });
});

describe('newGeneration', () => {
  test('makes the records of this isolate stale at once', async () => {
    const { kv, chain, lookup, newGeneration, calls } = resolverRig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    await newGeneration('chain:1');
    chain.set(7, ok(twin(7, 'new')));
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect([kv.get(GENERATION_KEY), calls('chain')]).toEqual(['chain:1', 2]);
    expect(kv.get(twinKey(7))).toContain('"generation":"chain:1"');
  });

  test('rejects when KV cannot be written', async () => {
    const { state, newGeneration } = resolverRig();
    state.kvDown = true;
    await expect(newGeneration('chain:1')).rejects.toThrow('KV is down');
  });
});
