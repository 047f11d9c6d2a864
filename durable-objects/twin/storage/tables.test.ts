import { describe, expect, it } from 'vitest';
import { openSqlite, storageOf } from '../../../test/rig/relay/sqlite.ts';
import { MIGRATIONS, migrate } from './schema.ts';
import { TablesOnDemand } from './tables.ts';

const tables = 'SELECT name FROM sqlite_master';
const ALARM = "INSERT INTO alarm (name, due) VALUES ('a', 1)";

describe('TablesOnDemand', () => {
  it('creates no table for a query or a removal', () => {
    const sqlite = openSqlite();
    const sql = new TablesOnDemand(storageOf(sqlite));
    expect([...sql.exec('SELECT name FROM alarm')]).toEqual([]);
    sql.exec('DELETE FROM alarm WHERE name = ?', 'a');
    expect([...sqlite.exec(tables)]).toEqual([]);
    expect(sql.exist).toBe(false);
  });

  it('creates the tables with the first row, which the next object finds', () => {
    const sqlite = openSqlite();
    const sql = new TablesOnDemand(storageOf(sqlite));
    sql.exec(ALARM);
    for (const each of [sql, new TablesOnDemand(storageOf(sqlite))]) {
      expect(each.exist).toBe(true);
      expect([...each.exec('SELECT name FROM alarm')]).toEqual([{ name: 'a' }]);
    }
  });

  it('migrates tables of earlier code', () => {
    const sqlite = openSqlite();
    migrate(sqlite, MIGRATIONS.slice(0, 1));
    expect([...new TablesOnDemand(storageOf(sqlite)).exec('SELECT name FROM alarm')]).toEqual([]);
    sqlite.exec(ALARM);
    expect([...sqlite.exec('SELECT name FROM alarm')]).toHaveLength(1);
  });

  it('works beside additions of later code', () => {
    const sqlite = openSqlite();
    migrate(sqlite, [...MIGRATIONS, { id: '98', sql: ['CREATE TABLE later (a TEXT)'], lowest: MIGRATIONS.length }]);
    const sql = new TablesOnDemand(storageOf(sqlite));
    sql.exec(ALARM);
    expect([sql.areLater, [...sql.exec('SELECT name FROM alarm')]]).toEqual([false, [{ name: 'a' }]]);
  });

  it('says that later code wrote the tables instead of throwing in the constructor, and then runs no statement', () => {
    const sqlite = openSqlite();
    migrate(sqlite, [...MIGRATIONS, { id: '99-other-rows', sql: [], lowest: MIGRATIONS.length + 1 }]);
    const sql = new TablesOnDemand(storageOf(sqlite));
    expect(sql.areLater).toBe(true);
    for (const query of [ALARM, 'SELECT name FROM alarm']) expect(() => sql.exec(query)).toThrow('99-other-rows');
    expect([...sqlite.exec('SELECT name FROM alarm')]).toEqual([]);
  });

  it('tries again after a failure of the storage, and undoes a migration that stopped half-way', () => {
    const sqlite = openSqlite();
    migrate(sqlite, MIGRATIONS.slice(0, 4));
    let fails = true;
    const flaky = storageOf({
      exec: (query, ...bindings) => {
        if (fails && query.includes('federation_done')) throw new Error('disk full');
        return sqlite.exec(query, ...bindings);
      },
    });
    const sql = new TablesOnDemand(flaky);
    expect(sql.areLater).toBe(false);
    expect(() => sql.exec(ALARM)).toThrow('disk full');
    fails = false;
    sql.exec(ALARM);
    expect([...sql.exec('SELECT name FROM alarm')]).toHaveLength(1);
  });
});
