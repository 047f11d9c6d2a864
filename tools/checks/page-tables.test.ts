import { describe, expect, it } from 'vitest';
import { markdownTable, withTables } from './page-tables.ts';

describe('withTables', () => {
  it('replaces what is between the marks of a table, and nothing else', () => {
    const page = 'before\n<!-- a: npm run x -->\nold\n<!-- end of a -->\nafter\n';
    const fresh = 'before\n<!-- a: npm run x -->\n\nnew\n\n<!-- end of a -->\nafter\n';
    expect(withTables(page, 'page', 'npm run x', { a: 'new' })).toBe(fresh);
    expect(withTables(fresh, 'page', 'npm run x', { a: 'new' })).toBe(fresh);
  });

  it('names the marks that a page does not have', () => {
    expect(() => withTables('', 'docs/x.md', 'npm run x', { a: '' })).toThrow(
      'docs/x.md: missing the marks <!-- a: npm run x --> and <!-- end of a -->',
    );
  });
});

it('markdownTable aligns its columns', () => {
  expect(markdownTable(['a', 'long'], [['wide cell', '1']])).toBe(
    ['| a         | long |', '| --------- | ---- |', '| wide cell | 1    |'].join('\n'),
  );
});
