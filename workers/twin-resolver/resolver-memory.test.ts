import { describe, expect, test } from 'vitest';
import type { TwinRecord } from './kv-record.ts';
import { ResolverMemory } from './resolver-memory.ts';

const SECOND = 1_000;
const record = (id: number, readAt = 0): TwinRecord => ({
  twin: { id, account: new Uint8Array(32), relay: null, pk: null },
  readAt,
  generation: '',
});

describe('ResolverMemory', () => {
  test('serves a known twin for a minute, and remembers it longer', () => {
    const memory = new ResolverMemory();
    memory.remember(record(7), 0);
    expect([memory.fresh(7, 60 * SECOND - 1), memory.fresh(7, 60 * SECOND)]).toEqual([record(7), undefined]);
    expect([memory.last(7), memory.size]).toEqual([record(7), 1]);
  });

  test('serves no known twin after all became stale, but remembers them', () => {
    const memory = new ResolverMemory();
    memory.remember(record(7), 0);
    memory.forgetKnown();
    expect([memory.fresh(7, 1), memory.last(7)]).toEqual([undefined, record(7)]);
    memory.remember(record(7, 1), 1);
    expect(memory.fresh(7, 2)).toEqual(record(7, 1));
  });

  test('remembers an unknown twin for five seconds, or until it is known', () => {
    const memory = new ResolverMemory();
    memory.rememberUnknown(7, 0);
    expect([memory.isUnknown(7, 4_999), memory.isUnknown(7, 5_000)]).toEqual([true, false]);
    memory.remember(record(7), 1);
    expect(memory.isUnknown(7, 2)).toBe(false);
    memory.rememberUnknown(7, 3);
    expect([memory.last(7), memory.size]).toEqual([undefined, 0]);
  });

  test('evicts no known twin for unknown ones', () => {
    const memory = new ResolverMemory();
    memory.remember(record(1), 0);
    for (let id = 2; id < 20_000; id += 1) memory.rememberUnknown(id, 0);
    expect(memory.fresh(1, 1)).toEqual(record(1));
  });

  test('knows which records were read before a refresh', () => {
    const memory = new ResolverMemory();
    memory.rememberRefresh(7, 100);
    expect([99, 100].map((readAt) => memory.isOvertaken(7, readAt))).toEqual([true, false]);
    expect(memory.isOvertaken(8, 0)).toBe(false);
  });

  test('reads the generation again after a minute', () => {
    const memory = new ResolverMemory();
    expect(memory.generation(0)).toEqual({ value: '', old: true });
    memory.rememberGeneration('g', 0);
    expect(memory.generation(59_999)).toEqual({ value: 'g', old: false });
    expect(memory.generation(60_000)).toEqual({ value: 'g', old: true });
  });

  test('lets one caller in five seconds try a chain that is out of reach', () => {
    const memory = new ResolverMemory();
    expect(memory.mayTryChain(0)).toBe(true);
    memory.chainFailed(0);
    expect([1, 4_999, 5_000, 5_001, 10_000].map((now) => memory.mayTryChain(now))).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
    memory.chainAnswered();
    expect([10_001, 10_002].map((now) => memory.mayTryChain(now))).toEqual([true, true]);
  });
});
