import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { err, ok, type Result } from '../../proto/result.ts';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { EventTables, TableMemory } from './event-tables.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const KEY = 'events:1:0xgenesis:150';

/** Event tables over a Map for KV, and a node whose metadata the test sets. */
function rig() {
  const kv = new Map<string, string>();
  const state = { isKvDown: false, answer: ok([buildMetadata()]) as Result<readonly unknown[], string>, asked: 0 };
  const work: Promise<void>[] = [];
  const store = {
    get: async (key: string) => {
      if (state.isKvDown) throw new Error('KV is down');
      return kv.get(key) ?? null;
    },
    put: async (key: string, value: string) => {
      if (state.isKvDown) throw new Error('KV is down');
      kv.set(key, value);
    },
  };
  const open = (memory = new TableMemory()) => new EventTables(memory, store, (each) => void work.push(each));
  const ask = async () => {
    state.asked += 1;
    return state.answer;
  };
  const of = (tables: EventTables, node = 'ws://a') => tables.of('0xgenesis', 150, '0xblock', node, ask);
  return { kv, state, open, of, settle: () => Promise.all(work) };
}

describe('EventTables', () => {
  test('parses the metadata once for all isolates', async () => {
    const { kv, state, open, of, settle } = rig();
    const tables = open();
    expect((await of(tables)).ok).toBe(true);
    await settle();
    expect([...kv.keys()]).toEqual([KEY]);
    expect(await of(tables)).toEqual(await of(open()));
    expect(state.asked).toBe(1);
  });

  test('works without KV, and reads the metadata again for an invalid value', async () => {
    const { kv, state, open, of, settle } = rig();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    state.isKvDown = true;
    expect((await of(open())).ok).toBe(true);
    await settle();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    state.isKvDown = false;
    kv.set(KEY, '{"shapes":"none"}');
    expect((await of(open())).ok).toBe(true);
    expect(state.asked).toBe(2);
  });

  test('remembers unusable metadata of a node for ten minutes, and asks other nodes', async () => {
    const { state, open, of } = rig();
    const tables = open();
    state.answer = ok(['0x6d657461']);
    const unusable = { ok: false, error: { isUnusable: true, fault: expect.stringContaining('cannot be used') } };
    for (let times = 0; times < 3; times += 1) expect(await of(tables)).toMatchObject(unusable);
    expect(state.asked).toBe(1);
    expect(await of(tables, 'ws://b')).toMatchObject(unusable);
    expect(state.asked).toBe(2);
    vi.advanceTimersByTime(600_000);
    state.answer = ok([buildMetadata()]);
    expect((await of(tables)).ok).toBe(true);
  });

  test('does not remember that a node did not answer', async () => {
    const { state, open, of } = rig();
    const tables = open();
    state.answer = err('not reachable');
    expect(await of(tables)).toEqual(err({ fault: 'not reachable', isUnusable: false }));
    state.answer = ok([null]);
    expect(await of(tables)).toEqual(err({ fault: 'it gave no metadata', isUnusable: false }));
    state.answer = ok([buildMetadata()]);
    expect((await of(tables)).ok).toBe(true);
  });
});
