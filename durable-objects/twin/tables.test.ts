import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { MIGRATIONS, migrate } from './schema.ts';
import { TablesOnDemand } from './tables.ts';

const tables = 'SELECT name FROM sqlite_master';
const ALARM = "INSERT INTO alarm (name, due) VALUES ('a', 1)";

describe('TablesOnDemand', () => {
  it('makes no table for what is only looked for or removed', () => {
    const sqlite = openSqlite();
    const sql = new TablesOnDemand(sqlite);
    expect([...sql.exec('SELECT name FROM alarm')]).toEqual([]);
    sql.exec('DELETE FROM alarm WHERE name = ?', 'a');
    expect([...sqlite.exec(tables)]).toEqual([]);
  });

  it('makes them with the first row that is written, which is found by the next object', () => {
    const sqlite = openSqlite();
    const sql = new TablesOnDemand(sqlite);
    sql.exec(ALARM);
    for (const each of [sql, new TablesOnDemand(sqlite)]) {
      expect([...each.exec('SELECT name FROM alarm')]).toEqual([{ name: 'a' }]);
    }
  });

  it('brings tables of earlier code up to date', () => {
    const sqlite = openSqlite();
    migrate(sqlite, MIGRATIONS.slice(0, 1));
    expect([...new TablesOnDemand(sqlite).exec('SELECT name FROM alarm')]).toEqual([]);
    sqlite.exec(ALARM);
    expect([...sqlite.exec('SELECT name FROM alarm')]).toHaveLength(1);
  });
});
