import { describe, expect, test } from 'vitest';
import { type Definition, oddMetadata } from '../../test/rig/chain/odd-metadata.ts';
import { tableOf } from './metadata-shapes.ts';

const tuple = (...value: number[]): Definition => ({ tag: 'tuple', value });
const array = (type: number, len: number): Definition => ({ tag: 'array', value: { type, len } });

/** Returns the shape of a twin's odd part. */
function shapeOf(types: (first: number) => readonly Definition[]) {
  const made = tableOf(oddMetadata(types));
  if (!made.ok) return made.error.fault;
  const { shapes, record, twins } = made.value;
  const pallets = shapes[record.event];
  const fields = typeof pallets === 'object' && 'one' in pallets ? pallets.one[twins.pallet] : undefined;
  const events = shapes[fields?.[0] ?? -1];
  const [twin] = (typeof events === 'object' && 'one' in events ? events.one[twins.updated] : undefined) ?? [];
  return shapes[twin ?? -1];
}

describe('a table of hostile metadata', () => {
  test('has size 0 for a type that takes no bytes and contains itself', () => {
    // Both, an array of no holders, and the holder of that array.
    expect(shapeOf((first) => [tuple(first + 1, first + 2), array(first + 2, 0), tuple(first + 1)])).toBe(4);
  });

  test('is refused for bits in words of no bytes', () => {
    const bits = (first: number): Definition[] => [
      { tag: 'bitSequence', value: { bitStoreType: first + 1, bitOrderType: first + 1 } },
      tuple(),
    ];
    expect(shapeOf(bits)).toBe('it has a bit sequence of no fixed words');
  });

  test('is refused for a value beyond the exact numbers', () => {
    const most = 2 ** 32 - 1;
    const nested = (first: number) => Array.from({ length: 40 }, (_, n) => array(n === 39 ? 12 : first + n + 1, most));
    expect(shapeOf(nested)).toMatch(/^it has a type of \d\S* bytes$/);
  });
});
