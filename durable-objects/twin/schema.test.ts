import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { MIGRATIONS, migrate } from './schema.ts';

const tables = (sql: ReturnType<typeof openSqlite>) =>
  [...sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")].map((row) => row.name);

describe('migrate', () => {
  it('builds the tables once and changes nothing the next time', () => {
    const sql = openSqlite();
    migrate(sql);
    const built = tables(sql);
    migrate(sql);
    expect(tables(sql)).toEqual(built);
    expect(built).toContain('mailbox');
  });

  it('brings an object from each earlier migration to the last', () => {
    for (let known = 0; known <= MIGRATIONS.length; known += 1) {
      const sql = openSqlite();
      migrate(sql, MIGRATIONS.slice(0, known));
      migrate(sql);
      expect(tables(sql)).toEqual([
        'alarm',
        'federation',
        'federation_done',
        'mailbox',
        'mailbox_slot',
        'migration',
        'rate_window',
      ]);
    }
  });

  it('refuses an object that knows a migration this code does not', () => {
    const sql = openSqlite();
    migrate(sql, [...MIGRATIONS, { id: '99-future', sql: [] }]);
    expect(() => migrate(sql)).toThrow('99-future');
  });

  it('refuses a list whose order changed', () => {
    const sql = openSqlite();
    migrate(sql);
    expect(() => migrate(sql, [...MIGRATIONS].reverse())).toThrow('1-mailbox');
  });
});
