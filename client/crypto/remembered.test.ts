import { expect, test } from 'vitest';
import { Remembered } from './remembered.ts';

const bytes = (...each: number[]) => Uint8Array.from(each);

test('is made once, and again when others have pushed it out: the one not used for longest goes first', () => {
  const made: number[][] = [];
  const remembered = new Remembered(2, (from) => {
    made.push([...from]);
    return from.length;
  });
  for (const each of [[1], [2, 2], [1], [3], [1], [2, 2]]) expect(remembered.of(bytes(...each))).toBe(each.length);
  expect(made).toEqual([[1], [2, 2], [3], [2, 2]]);
});

test('bytes that are a part of others, or above 127, are told apart', () => {
  const remembered = new Remembered(300, (from) => [...from]);
  for (let n = 0; n < 256; n += 1) expect(remembered.of(bytes(0, n, 0).subarray(1, 2))).toEqual([n]);
  for (let n = 0; n < 256; n += 1) expect(remembered.of(bytes(n))).toEqual([n]);
});

test('what could not be made is not remembered', () => {
  let isBroken = true;
  const remembered = new Remembered(2, () => {
    if (isBroken) throw new Error('not yet');
    return 'made';
  });
  expect(() => remembered.of(bytes(1))).toThrow('not yet');
  isBroken = false;
  expect(remembered.of(bytes(1))).toBe('made');
});
