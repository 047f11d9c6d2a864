import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScaleFault, ScaleReader } from './scale-reader.ts';

const reader = (...bytes: number[]) => new ScaleReader(Uint8Array.from(bytes));

/** Encodes a compact integer below 2^30. */
function compact(value: number): number[] {
  if (value < 2 ** 6) return [value << 2];
  if (value < 2 ** 14) return [((value << 2) | 1) & 0xff, value >> 6];
  return [((value << 2) | 2) & 0xff, (value >> 6) & 0xff, (value >> 14) & 0xff, (value >> 22) & 0xff];
}

describe('ScaleReader', () => {
  test('reads integers, little-endian', () => {
    expect(reader(0xff).u8()).toBe(255);
    expect(reader(1, 2, 3, 4).u32()).toBe(0x04030201);
    expect(reader(...Array(8).fill(0), 1, ...Array(7).fill(0)).u128()).toBe(2n ** 64n);
  });

  test('reads compact lengths of any size below 2^30, and skips them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 - 1 }), (value) => {
        const bytes = compact(value);
        const read = reader(...bytes);
        expect([read.length(), read.left]).toEqual([value, 0]);
        const skipped = reader(...bytes);
        skipped.skipCompact();
        skipped.end();
      }),
    );
  });

  test('skips a compact integer of many bytes, which is no length', () => {
    const bytes = [3, 1, 2, 3, 4];
    const skipped = reader(...bytes);
    skipped.skipCompact();
    expect(skipped.left).toBe(0);
    expect(() => reader(...bytes).length()).toThrow('a length of 2^30 or more');
  });

  test('reads bytes as a copy, and shows read bytes as a view', () => {
    const data = Uint8Array.of(8, 1, 2, 3);
    const scale = new ScaleReader(data);
    const bytes = scale.bytes();
    expect([...bytes]).toEqual([1, 2]);
    expect(bytes.buffer).not.toBe(data.buffer);
    expect(scale.since(0).buffer).toBe(data.buffer);
    expect([scale.at, scale.left]).toEqual([3, 1]);
  });

  test('peeks at a u32 without reading it', () => {
    const scale = reader(1, 0, 0, 0);
    expect([scale.peekU32(), scale.at, scale.u32(), scale.left]).toEqual([1, 0, 1, 0]);
  });

  test('reads an option', () => {
    expect(reader(0).option(() => 7)).toBeNull();
    const some = reader(1, 9);
    expect(some.option(() => some.u8())).toBe(9);
    expect(() => reader(2).option(() => 7)).toThrow('an option tag of 2');
  });

  test.each<[string, (scale: ScaleReader) => unknown]>([
    ['a u32', (scale) => scale.u32()],
    ['a u128', (scale) => scale.u128()],
    ['a peek', (scale) => scale.peekU32()],
    ['bytes', (scale) => scale.bytes()],
    ['a skip', (scale) => scale.skip(4)],
  ])('refuses %s beyond the end', (_what, read) => {
    expect(() => read(reader(0xfc, 0, 0))).toThrow(ScaleFault);
  });

  test('refuses remaining bytes at the end', () => {
    expect(() => reader(1, 2).end()).toThrow('2 bytes too many');
  });
});
