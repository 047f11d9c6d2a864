import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../proto/result.ts';
import { encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import { DOWN, MINUTE, resolverRig, twin } from './resolver-rig.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe('while the chain is out of reach', () => {
  test('serves a known twin of any age, and names the error for an unknown one', async () => {
    const { chain, lookup } = resolverRig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    for (const id of [7, 8]) chain.set(id, DOWN);
    vi.advanceTimersByTime(100 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7) });
    expect(await lookup(8)).toEqual({ unavailable: 'the chain is out of reach (ws://node: not reachable)' });
  });

  test('serves a record of an old generation from KV in a cold isolate', async () => {
    const { kv, chain, lookup } = resolverRig();
    kv.set(twinKey(7), encodeRecord({ twin: twin(7), readAt: 1, generation: '1' }));
    kv.set(GENERATION_KEY, '2');
    chain.set(7, DOWN);
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test.each(['lookup', 'refresh'] as const)('a %s ends within 2 s, whatever hangs', async (what) => {
    const { state, [what]: ask, finishedAt } = resolverRig();
    Object.assign(state, { chainMs: 3_600_000, kvMs: 3_600_000 });
    const start = Date.now();
    expect(await ask(7)).toHaveProperty('unavailable');
    expect(finishedAt() - start).toBeLessThan(2000);
  });

  test('ends a waiting look-up within its own 2 s', async () => {
    const { state, many } = resolverRig();
    state.chainMs = 3_600_000;
    for (const answer of await many(7, 3)) expect(answer).toHaveProperty('unavailable');
  });

  test('lets one caller in five seconds try, and the others do not wait', async () => {
    const { kv, chain, lookup, calls } = resolverRig();
    for (const id of [1, 2, 3, 4]) {
      kv.set(twinKey(id), encodeRecord({ twin: twin(id), readAt: 1, generation: '' }));
      chain.set(id, DOWN);
    }
    await lookup(1);
    expect(await lookup(2)).toEqual({ found: twin(2) });
    expect(calls('chain')).toBe(1);
    vi.advanceTimersByTime(5000);
    await lookup(3);
    expect(calls('chain')).toBe(2);
    expect(await lookup(4)).toEqual({ found: twin(4) });
    expect(calls('chain')).toBe(2);
  });

  test('notices when the chain is back', async () => {
    const { kv, chain, lookup } = resolverRig();
    kv.set(twinKey(7), encodeRecord({ twin: twin(7, 'old'), readAt: 1, generation: '' }));
    chain.set(7, DOWN);
    await lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    vi.advanceTimersByTime(MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
  });
});

describe('while KV is out of order', () => {
  test.each(['down', 'hanging'])('%s: the chain answers, and nothing is thrown', async (how) => {
    const { chain, state, lookup, log } = resolverRig();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    if (how === 'down') state.kvDown = true;
    else state.kvMs = 3_600_000;
    chain.set(7, ok(twin(7)));
    expect(await lookup(7)).toEqual({ found: twin(7) });
    expect(log.filter((entry) => entry.startsWith('rejected'))).toEqual([]);
    warn.mockRestore();
  });
});
