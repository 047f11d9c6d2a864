import { DatabaseSync } from 'node:sqlite';
import type { Sql, SqlRow, SqlValue } from '../../../durable-objects/twin/storage/sql.ts';
import type { TableStorage } from '../../../durable-objects/twin/storage/tables.ts';

/** A storage whose tables are a SQLite of `openSqlite`. */
export function storageOf(sql: Sql): TableStorage {
  return {
    sql,
    transactionSync: (work) => {
      sql.exec('BEGIN');
      try {
        const result = work();
        sql.exec('COMMIT');
        return result;
      } catch (error) {
        sql.exec('ROLLBACK');
        throw error;
      }
    },
  };
}

/** A real SQLite in memory with the face of a Durable Object's. */
export function openSqlite(): Sql {
  const database = new DatabaseSync(':memory:');
  return {
    exec(query: string, ...bindings: SqlValue[]): Iterable<SqlRow> {
      const statement = database.prepare(query);
      const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
      // Run now, as a Durable Object does, and not when somebody looks at the answer.
      return statement.all(...values).map(toRow);
    },
  };
}

function toRow(row: Record<string, unknown>): SqlRow {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toValue(value)]));
}

function toValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new Uint8Array(value).buffer;
  throw new TypeError(`SQLite gave a ${typeof value}`);
}
