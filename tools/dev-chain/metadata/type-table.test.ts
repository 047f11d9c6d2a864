import { expect, it } from 'vitest';
import { TypeTable } from './type-table.ts';

it('gives a type its place in the list before the types of its parts', () => {
  const table = new TypeTable();
  const outer = table.put('outer', () => ({ Tuple: [table.put('inner', () => ({ Primitive: 'U8' }))] }));
  expect(outer).toBe(0);
  expect(table.list().map(({ id, type }) => [id, type.def])).toEqual([
    [0, { Tuple: [1] }],
    [1, { Primitive: 'U8' }],
  ]);
});

it('adds a type only once', () => {
  const table = new TypeTable();
  const id = table.put('u8', () => ({ Primitive: 'U8' }));
  expect(table.put('u8', () => ({ Primitive: 'U16' }))).toBe(id);
  expect(table.list().length).toBe(1);
});
