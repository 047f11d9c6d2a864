import { expect, test } from 'vitest';
import { Lru } from './lru.ts';

test('the entry not used for longest goes first', () => {
  const lru = new Lru<string>(2);
  lru.set(1, 'a');
  lru.set(2, 'b');
  expect(lru.get(1)).toBe('a');
  lru.set(3, 'c');
  expect([lru.get(1), lru.get(2), lru.get(3)]).toEqual(['a', undefined, 'c']);
});

test('setting again is a use and no second entry', () => {
  const lru = new Lru<string>(2);
  lru.set(1, 'a');
  lru.set(2, 'b');
  lru.set(1, 'A');
  lru.set(3, 'c');
  expect([lru.get(1), lru.get(2), lru.get(3)]).toEqual(['A', undefined, 'c']);
  lru.delete(1);
  expect(lru.get(1)).toBeUndefined();
});
