import { expect, test } from 'vitest';
import { Lru } from './lru.ts';

test('evicts the least recently used entry', () => {
  const lru = new Lru<string>(2);
  lru.set(1, 'a');
  lru.set(2, 'b');
  expect(lru.get(1)).toBe('a');
  lru.set(3, 'c');
  expect([lru.get(1), lru.get(2), lru.get(3)]).toEqual(['a', undefined, 'c']);
});

test('counts setting again as a use, not as a second entry', () => {
  const lru = new Lru<string>(2);
  lru.set(1, 'a');
  lru.set(2, 'b');
  lru.set(1, 'A');
  lru.set(3, 'c');
  expect([lru.get(1), lru.get(2), lru.get(3)]).toEqual(['A', undefined, 'c']);
  lru.delete(1);
  expect(lru.get(1)).toBeUndefined();
});
