import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../metadata/scale.ts';
import { State } from './state.ts';

describe('a state', () => {
  it('keeps an older state unchanged', () => {
    const old = new State().with([['a', new Uint8Array([1])]]);
    const next = old.with([
      ['a', new Uint8Array([2])],
      ['b', new Uint8Array([3])],
    ]);
    expect([old.get('a'), old.get('b'), next.get('a'), next.get('b')]).toEqual(['0x01', null, '0x02', '0x03']);
    expect([...next.with([['a', new Uint8Array([2])]]).changed]).toEqual([]);
  });

  it('equals a plain map after any writes, and keeps older states unchanged', () => {
    // Few keys are overwritten and removed; many keys make states leave their base.
    const key = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.nat(900).map(String));
    const value = fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 }), { nil: null });
    const blocks = fc.array(fc.array(fc.tuple(key, value), { maxLength: 150 }), { maxLength: 8 });
    fc.assert(
      fc.property(blocks, (writes) => {
        const model = new Map<string, string>();
        const seen: [State, Map<string, string>][] = [];
        let state = new State();
        for (const block of writes) {
          state = state.with(block);
          for (const [name, bytes] of block) {
            if (bytes === null) model.delete(name);
            else model.set(name, toHex(bytes));
          }
          seen.push([state, new Map(model)]);
        }
        const names = new Set(writes.flat().map(([name]) => name));
        for (const [found, expected] of seen) {
          for (const name of names) expect(found.get(name)).toBe(expected.get(name) ?? null);
        }
      }),
      { numRuns: 50 },
    );
  });
});
