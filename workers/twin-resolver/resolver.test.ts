import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { encodeRecord, GENERATION_KEY, twinKey } from './kv-record.ts';
import { Resolver } from './resolver.ts';
import { ResolverMemory } from './resolver-memory.ts';
import { wait } from './wait.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const twin = (id: number, relay: string | null = null): Twin => ({ id, account: new Uint8Array(32), relay, pk: null });
const DOWN = err('ws://node: not reachable');

/** A resolver over a Map for KV and a chain that the test writes. */
function rig(memory = new ResolverMemory()) {
  const kv = new Map<string, string>();
  const log: string[] = [];
  const looked: string[] = [];
  const chain = new Map<number, Result<Twin | undefined, string>>();
  const state = { chainMs: 0, kvMs: 0, kvDown: false };
  const touch = async (ms: number, down: boolean, entry: string) => {
    log.push(entry);
    await wait(ms);
    if (down) throw new Error('KV is down');
  };
  const resolver = new Resolver({
    memory,
    store: {
      get: async (key) => {
        await touch(state.kvMs, state.kvDown, `get ${key}`);
        return kv.get(key) ?? null;
      },
      put: async (key, value) => {
        await touch(0, state.kvDown, `put ${key}`);
        kv.set(key, value);
      },
      delete: async (key) => {
        await touch(0, state.kvDown, `delete ${key}`);
        kv.delete(key);
      },
    },
    chain: {
      read: async (id, budget, block) => {
        // What is read is what stands there when the reading begins, however long the answer takes.
        const answer = chain.get(id) ?? ok(undefined);
        await touch(Math.min(state.chainMs, budget), false, `chain ${id}${block === undefined ? '' : ` at ${block}`}`);
        return state.chainMs > budget ? DOWN : answer;
      },
    },
    looked: (where) => void looked.push(where),
    later: (work) => void work.catch((error) => log.push(`rejected ${error}`)),
  });
  let ended = 0;
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const done = work.finally(() => {
      ended = Date.now();
    });
    done.catch(() => undefined); // whoever awaits it below is told
    await vi.advanceTimersByTimeAsync(3000);
    return await done;
  };
  const calls = (prefix: string) => log.filter((entry) => entry.startsWith(prefix)).length;
  return {
    kv,
    log,
    looked,
    chain,
    state,
    calls,
    finishedAt: () => ended,
    lookup: (id: number) => run(resolver.lookup(id)),
    refresh: (id: number, block?: string) => run(resolver.refresh(id, block)),
    newGeneration: (name: string) => run(resolver.newGeneration(name)),
    many: (id: number, n: number) => run(Promise.all(Array.from({ length: n }, () => resolver.lookup(id)))),
  };
}

describe('lookup', () => {
  test('goes to memory, then KV, then the chain, and leaves what it learned in each', async () => {
    const first = rig();
    first.chain.set(7, ok(twin(7, 'a.example')));
    expect(await first.lookup(7)).toEqual({ found: twin(7, 'a.example') });
    expect(first.log).toEqual(['get twin:7', 'get generation', 'chain 7', 'put twin:7']);
    await first.lookup(7);
    expect(first.log).toHaveLength(4);
    expect(first.looked).toEqual(['chain', 'cache']);

    const cold = rig();
    for (const [key, value] of first.kv) cold.kv.set(key, value);
    expect(await cold.lookup(7)).toEqual({ found: twin(7, 'a.example') });
    expect(cold.calls('chain')).toBe(0);
    expect(cold.looked).toEqual(['cache']);
  });

  test('after a minute it looks whether KV has a newer record', async () => {
    const { kv, chain, lookup, calls } = rig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    kv.set(twinKey(7), encodeRecord({ twin: twin(7, 'new'), readAt: Date.now(), generation: '' }));
    expect(await lookup(7)).toEqual({ found: twin(7, 'old') });
    vi.advanceTimersByTime(MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(calls('chain')).toBe(1);
  });

  test('without a watcher a record of ten minutes is read again, and rewritten', async () => {
    const { chain, lookup, calls } = rig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    vi.advanceTimersByTime(9 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'old') });
    vi.advanceTimersByTime(2 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(calls('put')).toBe(2);
  });

  test('with a watcher a record is current for as long as its generation is', async () => {
    const { kv, chain, lookup, calls } = rig();
    kv.set(GENERATION_KEY, '1');
    chain.set(7, ok(twin(7, 'same')));
    await lookup(7);
    vi.advanceTimersByTime(10_000 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7, 'same') });
    expect(calls('chain')).toBe(1);
  });

  test('a new generation makes every record old', async () => {
    const { kv, chain, lookup, calls } = rig();
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

  test('a hundred cold ones at once are one call to the chain, also for an unknown twin', async () => {
    const { chain, state, many, calls } = rig();
    state.chainMs = 300;
    chain.set(7, ok(twin(7)));
    expect(await many(7, 100)).toEqual(Array.from({ length: 100 }, () => ({ found: twin(7) })));
    expect(calls('chain')).toBe(1);
    expect(await many(8, 100)).toEqual(Array.from({ length: 100 }, () => ({ unknown: true })));
    expect(calls('chain')).toBe(2);
  });

  test('an unknown twin is remembered for seconds, in memory only', async () => {
    const { kv, chain, lookup, calls } = rig();
    expect(await lookup(7)).toEqual({ unknown: true });
    chain.set(7, ok(twin(7)));
    expect(await lookup(7)).toEqual({ unknown: true });
    expect([calls('chain'), kv.size]).toEqual([1, 0]);
    vi.advanceTimersByTime(5000);
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test.each([0, -1, 1.5, 2 ** 32, Number.NaN])('%s is no twin, and nobody is asked', async (id) => {
    const { lookup, log } = rig();
    expect(await lookup(id)).toEqual({ unknown: true });
    expect(log).toEqual([]);
  });

  test('a twin that left the chain leaves KV', async () => {
    const { kv, chain, lookup } = rig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    chain.delete(7);
    vi.advanceTimersByTime(11 * MINUTE);
    expect(await lookup(7)).toEqual({ unknown: true });
    expect(kv.size).toBe(0);
  });
});

describe('while the chain is out of reach', () => {
  test('a known twin is served however old, an unknown one is a named error', async () => {
    const { chain, lookup } = rig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    for (const id of [7, 8]) chain.set(id, DOWN);
    vi.advanceTimersByTime(100 * MINUTE);
    expect(await lookup(7)).toEqual({ found: twin(7) });
    expect(await lookup(8)).toEqual({ unavailable: 'the chain is out of reach (ws://node: not reachable)' });
  });

  test('so it is in a cold isolate that has only an old generation in KV', async () => {
    const { kv, chain, lookup } = rig();
    kv.set(twinKey(7), encodeRecord({ twin: twin(7), readAt: 1, generation: '1' }));
    kv.set(GENERATION_KEY, '2');
    chain.set(7, DOWN);
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test.each(['lookup', 'refresh'] as const)('a %s ends within 2 s, whatever hangs', async (what) => {
    const { state, [what]: ask, finishedAt } = rig();
    Object.assign(state, { chainMs: 3_600_000, kvMs: 3_600_000 });
    const start = Date.now();
    expect(await ask(7)).toHaveProperty('unavailable');
    expect(finishedAt() - start).toBeLessThan(2000);
  });

  test('who waits for another caller ends within its own 2 s', async () => {
    const { state, many } = rig();
    state.chainMs = 3_600_000;
    for (const answer of await many(7, 3)) expect(answer).toHaveProperty('unavailable');
  });

  test('one caller in five seconds tries, the others do not wait for it', async () => {
    const { kv, chain, lookup, calls } = rig();
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

  test('its return is noticed', async () => {
    const { kv, chain, lookup } = rig();
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
    const { chain, state, lookup, log } = rig();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    if (how === 'down') state.kvDown = true;
    else state.kvMs = 3_600_000;
    chain.set(7, ok(twin(7)));
    expect(await lookup(7)).toEqual({ found: twin(7) });
    expect(log.filter((entry) => entry.startsWith('rejected'))).toEqual([]);
    warn.mockRestore();
  });
});

describe('refresh', () => {
  test('reads the chain past memory and KV, and both hold what it found', async () => {
    const { kv, chain, lookup, refresh } = rig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    chain.set(7, ok(twin(7, 'new')));
    expect(await refresh(7)).toEqual({ found: twin(7, 'new') });
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect(kv.get(twinKey(7))).toContain('new');
  });

  test('does not write what stands there already', async () => {
    const { chain, lookup, refresh, calls } = rig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    await refresh(7);
    expect([calls('chain'), calls('put')]).toEqual([2, 1]);
  });

  test('past the memory of an unknown twin too', async () => {
    const { chain, lookup, refresh } = rig();
    await lookup(7);
    chain.set(7, ok(twin(7)));
    expect(await refresh(7)).toEqual({ found: twin(7) });
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test('says when the chain is out of reach, and leaves the record', async () => {
    const { chain, lookup, refresh } = rig();
    chain.set(7, ok(twin(7)));
    await lookup(7);
    chain.set(7, DOWN);
    expect(await refresh(7)).toHaveProperty('unavailable');
    expect(await lookup(7)).toEqual({ found: twin(7) });
  });

  test('reads at the block that is named, and says when KV could not be rewritten', async () => {
    const { chain, refresh, log, state } = rig();
    chain.set(7, ok(twin(7)));
    await refresh(7, '0xab');
    expect(log).toContain('chain 7 at 0xab');
    chain.set(7, ok(twin(7, 'new')));
    state.kvDown = true;
    expect(await refresh(7)).toHaveProperty('unavailable', expect.stringContaining('cannot be rewritten'));
  });

  test('rewrites what KV holds, also when memory knows better', async () => {
    const { kv, chain, refresh } = rig();
    chain.set(7, ok(twin(7, 'new')));
    await refresh(7);
    kv.set(twinKey(7), encodeRecord({ twin: twin(7, 'old'), readAt: 1, generation: '' }));
    await refresh(7);
    expect(kv.get(twinKey(7))).toContain('new');
  });

  test('is not undone by a look-up that began before it', async () => {
    const { kv, chain, state, lookup, refresh } = rig();
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
  test('counts at once in this isolate: what it remembers is asked for again', async () => {
    const { kv, chain, lookup, newGeneration, calls } = rig();
    chain.set(7, ok(twin(7, 'old')));
    await lookup(7);
    await newGeneration('chain:1');
    chain.set(7, ok(twin(7, 'new')));
    expect(await lookup(7)).toEqual({ found: twin(7, 'new') });
    expect([kv.get(GENERATION_KEY), calls('chain')]).toEqual(['chain:1', 2]);
    expect(kv.get(twinKey(7))).toContain('"generation":"chain:1"');
  });

  test('rejects when it cannot be written: its caller must not go on as if it were', async () => {
    const { state, newGeneration } = rig();
    state.kvDown = true;
    await expect(newGeneration('chain:1')).rejects.toThrow('KV is down');
  });
});
