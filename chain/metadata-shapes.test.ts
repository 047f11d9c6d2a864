import { describe, expect, test } from 'vitest';
import { type Definition, oddMetadata } from '../test/rig/odd-metadata.ts';
import { tableOf } from './metadata-shapes.ts';

const tuple = (...value: number[]): Definition => ({ tag: 'tuple', value });
const array = (type: number, len: number): Definition => ({ tag: 'array', value: { type, len } });

/** The shape of a twin's odd part. */
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

describe('a table made of metadata that means ill', () => {
  test('knows what takes no bytes, though it holds itself: tuples of it would be read for ever', () => {
    // Both; an array of no holders; the holder of that array.
    expect(shapeOf((first) => [tuple(first + 1, first + 2), array(first + 2, 0), tuple(first + 1)])).toBe(4);
  });

  test('is none when bits lie in words of no bytes', () => {
    const bits = (first: number): Definition[] => [
      { tag: 'bitSequence', value: { bitStoreType: first + 1, bitOrderType: first + 1 } },
      tuple(),
    ];
    expect(shapeOf(bits)).toBe('it has a bit sequence of no fixed words');
  });

  test('is none when a value is larger than numbers are', () => {
    const most = 2 ** 32 - 1;
    const nested = (first: number) => Array.from({ length: 40 }, (_, n) => array(n === 39 ? 12 : first + n + 1, most));
    expect(shapeOf(nested)).toMatch(/^it has a type of \d\S* bytes$/);
  });
});
