import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../../durable-objects/contract.ts';
import type { Twin } from '../../proto/twin.ts';
import { kvKey, readRecord, writeRecord } from './kv-record.ts';
import { Memory } from './memory.ts';
import { Resolver } from './resolver.ts';

const MINUTE = 60_000;
const twin = (id: number, relay = 'relay.example'): Twin => ({
  id,
  account: new Uint8Array(32).fill(id),
  relay,
  pk: null,
});

/** An isolate with a KV, a chain that can be switched, and a clock. */
function rig() {
  const kv = new Map<string, string>();
  const state = {
    now: 1_800_000_000_000,
    chain: (id: number): TwinLookup => ({ found: twin(id) }),
    calls: 0,
    kvDown: false,
  };
  const port = {
    kvGet: async (key: string): Promise<unknown> => {
      if (state.kvDown) throw new Error('KV is down');
      return JSON.parse(kv.get(key) ?? 'null');
    },
    kvPut: async (key: string, value: string) => {
      if (state.kvDown) throw new Error('KV is down');
      kv.set(key, value);
    },
    readChain: async (id: number) => {
      state.calls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return state.chain(id);
    },
    now: () => state.now,
    wait: async (ms: number) => {
      state.now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const isolate = () => new Resolver(new Memory(), new Map(), port);
  return { kv, state, isolate };
}

describe('Resolver', () => {
  it('asks the chain once and remembers, in memory and for other isolates', async () => {
    const { state, isolate, kv } = rig();
    const one = isolate();
    expect(await one.lookup(7)).toEqual({ found: twin(7) });
    expect(await one.lookup(7)).toEqual({ found: twin(7) });
    expect(await isolate().lookup(7)).toEqual({ found: twin(7) });
    expect(state.calls).toBe(1);
    expect(kv.has(kvKey(7))).toBe(true);
  });

  it('makes one call of a hundred simultaneous look-ups', async () => {
    const { state, isolate } = rig();
    const resolver = isolate();
    const found = await Promise.all(Array.from({ length: 100 }, () => resolver.lookup(7)));
    expect(found).toEqual(Array.from({ length: 100 }, () => ({ found: twin(7) })));
    expect(state.calls).toBe(1);
  });

  it('looks itself when whoever looked is gone', async () => {
    const { state } = rig();
    const port = {
      kvGet: async () => null,
      kvPut: async () => undefined,
      readChain: async () => state.chain(7),
      now: () => state.now,
    };
    const resolver = new Resolver(new Memory(), new Map([[7, state.now]]), {
      ...port,
      wait: async (ms) => {
        state.now += ms;
      },
    });
    expect(await resolver.lookup(7)).toEqual({ found: twin(7) });
  });

  it('forgets an unknown twin within seconds, and keeps it out of KV', async () => {
    const { state, isolate, kv } = rig();
    const resolver = isolate();
    state.chain = () => ({ unknown: true });
    expect(await resolver.lookup(9)).toEqual({ unknown: true });
    state.chain = (id) => ({ found: twin(id) });
    expect(await resolver.lookup(9)).toEqual({ unknown: true });
    expect(kv.size).toBe(0);
    state.now += 5_000;
    expect(await resolver.lookup(9)).toEqual({ found: twin(9) });
  });

  it('sees a change on chain after ten minutes, or at once when asked to', async () => {
    const { state, isolate } = rig();
    const resolver = isolate();
    await resolver.lookup(7);
    state.chain = (id) => ({ found: twin(id, 'new.example') });
    state.now += MINUTE + 1;
    expect(await resolver.lookup(7)).toEqual({ found: twin(7) });
    state.now += 10 * MINUTE;
    expect(await resolver.lookup(7)).toEqual({ found: twin(7, 'new.example') });
    state.chain = (id) => ({ found: twin(id, 'newest.example') });
    expect(await resolver.refresh(7)).toEqual({ found: twin(7, 'newest.example') });
    expect(await isolate().lookup(7)).toEqual({ found: twin(7, 'newest.example') });
  });

  it('serves known twins while the chain is away, however old, and names the fault for others', async () => {
    const { state, isolate } = rig();
    await isolate().lookup(7);
    state.chain = () => ({ unavailable: 'the chain is out of reach' });
    state.now += 24 * 60 * MINUTE;
    expect(await isolate().lookup(7)).toEqual({ found: twin(7) });
    expect(await isolate().lookup(8)).toEqual({ unavailable: 'the chain is out of reach' });
  });

  it('does not keep a passing fault', async () => {
    const { state, isolate } = rig();
    const resolver = isolate();
    state.chain = () => ({ unavailable: 'x' });
    await resolver.lookup(7);
    state.chain = (id) => ({ found: twin(id) });
    state.now += 1_000;
    expect(await resolver.lookup(7)).toEqual({ found: twin(7) });
  });

  it('works without KV', async () => {
    const { state, isolate } = rig();
    state.kvDown = true;
    expect(await isolate().lookup(7)).toEqual({ found: twin(7) });
  });
});

describe('a KV record', () => {
  it('is read back as it was written', () => {
    const record = { twin: { ...twin(7), pk: new Uint8Array(33).fill(2) }, readAt: 5 };
    expect(readRecord(7, JSON.parse(writeRecord(record)))).toEqual(record);
  });

  it('is nothing when it is another twin’s or broken', () => {
    const value = JSON.parse(writeRecord({ twin: twin(7), readAt: 5 }));
    for (const bad of [null, 5, { ...value, account: 'xyz' }, { ...value, id: 8 }, { ...value, readAt: undefined }]) {
      expect(readRecord(7, bad)).toBeUndefined();
    }
  });
});
