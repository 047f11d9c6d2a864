import { glob, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
import { LaterSchema, MIGRATIONS, migrate } from './schema.ts';

/** A later version of the relay: a table more, and a column more in each table. */
const LATER = [
  ...MIGRATIONS,
  {
    id: '98-additions',
    sql: [
      'CREATE TABLE later (key INTEGER PRIMARY KEY)',
      ...['alarm', 'federation', 'federation_done', 'mailbox', 'mailbox_slot', 'rate_window'].map(
        (table) => `ALTER TABLE ${table} ADD COLUMN later TEXT NOT NULL DEFAULT 'x'`,
      ),
    ],
    lowest: MIGRATIONS.length,
  },
];

const snapshot = (sql: ReturnType<typeof openSqlite>) => [
  ...sql.exec('SELECT name, sql FROM sqlite_master ORDER BY name'),
  ...sql.exec('SELECT n, id, lowest FROM migration ORDER BY n'),
];

const tables = (sql: ReturnType<typeof openSqlite>) =>
  [...sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")].map((row) => row.name);

describe('migrate', () => {
  it('creates the tables once', () => {
    const sql = openSqlite();
    migrate(sql);
    const built = tables(sql);
    migrate(sql);
    expect(tables(sql)).toEqual(built);
    expect(built).toContain('mailbox');
  });

  it('migrates an object from each earlier migration to the last', () => {
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

  it('refuses an object with a migration that says this code cannot run on it', () => {
    const sql = openSqlite();
    migrate(sql, [...MIGRATIONS, { id: '99-future', sql: [], lowest: MIGRATIONS.length + 1 }]);
    expect(() => migrate(sql)).toThrow('99-future');
    expect(() => migrate(sql)).toThrow(LaterSchema);
  });

  it('runs on additions of later code, leaves them as they are, and later code goes on from there', () => {
    const sql = openSqlite();
    migrate(sql, LATER);
    const before = snapshot(sql);
    migrate(sql);
    expect(snapshot(sql)).toEqual(before);
    migrate(sql, LATER);
    expect(snapshot(sql)).toEqual(before);
  });

  it('refuses additions behind a migration that it cannot run on', () => {
    const sql = openSqlite();
    const breaking = { id: '99-other-rows', sql: [], lowest: MIGRATIONS.length + 1 };
    migrate(sql, [...MIGRATIONS, breaking, { id: '100-table', sql: [], lowest: MIGRATIONS.length }]);
    expect(() => migrate(sql)).toThrow('99-other-rows');
  });

  it('refuses a list whose order changed', () => {
    const sql = openSqlite();
    migrate(sql);
    expect(() => migrate(sql, [...MIGRATIONS].reverse())).toThrow('1-mailbox');
  });
});

describe('MIGRATIONS', () => {
  it('says of each change of existing rows that older code cannot run on it', () => {
    let lowest = 1;
    MIGRATIONS.forEach((migration, index) => {
      const isAdditive = migration.sql.every((statement) =>
        /^CREATE TABLE |^ALTER TABLE \w+ ADD COLUMN .*\b(DEFAULT|NULL$)/.test(statement),
      );
      if (!isAdditive) expect(migration.lowest, migration.id).toBe(index + 1);
      expect(migration.lowest, migration.id).toBeGreaterThanOrEqual(lowest);
      expect(migration.lowest, migration.id).toBeLessThanOrEqual(index + 1);
      lowest = migration.lowest;
    });
  });
});

it('every statement names its columns, so that it means the same on tables of later code', async () => {
  const found: string[] = [];
  for await (const file of glob('durable-objects/twin/**/*.ts')) {
    if (file.endsWith('.test.ts')) continue;
    const source = await readFile(file, 'utf8');
    for (const [statement] of source.matchAll(/SELECT +\*|\b\w+\.\*|INSERT INTO \w+ +(?!\()\S*/g))
      found.push(`${file}: ${statement}`);
  }
  expect(found).toEqual([]);
});
