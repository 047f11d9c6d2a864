import { expect, it } from 'vitest';
import { z } from 'zod';
import { storedValue } from './stored-value.ts';

it('a stored value is read, replaced and removed, and counts as absent if it has another shape', () => {
  const rows = new Map<string, unknown>();
  const kv = {
    get: (key: string) => rows.get(key),
    put: (key: string, value: unknown) => rows.set(key, value),
    delete: (key: string) => rows.delete(key),
  };
  const value = storedValue(kv, 'a-1', z.record(z.string(), z.number()));
  expect(value.read()).toBeUndefined();
  value.write({ x: 1 });
  expect(value.read()).toEqual({ x: 1 });
  rows.set('a-1', { x: 'one' });
  expect(value.read()).toBeUndefined();
  value.write(undefined);
  expect(rows.size).toBe(0);
});
