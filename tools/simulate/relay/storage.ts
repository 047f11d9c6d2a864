import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqlRow, SqlValue } from '../../../durable-objects/twin/storage/sql.ts';
import { copyOf } from '../world/copy.ts';

/** A statement of the product, prepared once. */
interface Prepared {
  readonly statement: StatementSync;
  /** Whether it has rows to return. */
  readonly hasRows: boolean;
  /** The table that it fills; undefined if it fills none. */
  readonly fills: string | undefined;
}

/** A SQLite in memory, used by one object of a run after another: to open one takes longer than a run has. */
class PooledDatabase {
  readonly #database = new DatabaseSync(':memory:');
  readonly #prepared = new Map<string, Prepared>();
  /** Statements that made its tables. The tables stay, their rows go. */
  readonly #made = new Set<string>();
  /** Tables that may have rows. */
  readonly #filled = new Set<string>();
  #migrations: SqlRow[] = [];

  exec(query: string, values: readonly SqlValue[]): SqlRow[] {
    const known = this.#prepared.get(query);
    if (known !== undefined) return this.#run(known, values);
    if (/\bmigration\b/.test(query)) return this.#migration(query, values);
    if (/^(CREATE|ALTER) /.test(query)) {
      if (!this.#made.has(query)) this.#database.exec(query);
      this.#made.add(query);
      return [];
    }
    const prepared = {
      statement: this.#database.prepare(query),
      hasRows: /^(SELECT|WITH) | RETURNING /.test(query),
      fills: /^INSERT INTO (\w+)/.exec(query)?.[1],
    };
    this.#prepared.set(query, prepared);
    return this.#run(prepared, values);
  }

  /** Returns the number of rows in a table; 0 if nothing was written to it. */
  rows(table: string): number {
    if (!this.#filled.has(table)) return 0;
    const [row] = this.exec(`SELECT count(*) AS n FROM ${table}`, []);
    return typeof row?.n === 'number' ? row.n : 0;
  }

  clear(): void {
    this.#migrations = [];
    for (const table of this.#filled) this.exec(`DELETE FROM ${table}`, []);
    this.#filled.clear();
  }

  #run({ statement, hasRows, fills }: Prepared, values: readonly SqlValue[]): SqlRow[] {
    if (fills !== undefined) this.#filled.add(fills);
    const bound = values.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    if (hasRows) return statement.all(...bound).map(toRow);
    statement.run(...bound);
    return [];
  }

  /** The list of migrations is of this run: a new object has no tables. */
  #migration(query: string, values: readonly SqlValue[]): SqlRow[] {
    if (query.startsWith('INSERT')) {
      const columns = /\(([\w, ]+)\)/.exec(query)?.[1]?.split(', ') ?? [];
      this.#migrations.push(Object.fromEntries(columns.map((column, n) => [column, values[n] ?? null])));
    }
    if (query.startsWith('SELECT 1')) return this.#migrations.slice(0, 1);
    return query.startsWith('SELECT') ? this.#migrations : [];
  }
}

const free: PooledDatabase[] = [];

/** What one object stores: it outlives its memory. */
export class Storage {
  readonly #database = free.pop() ?? new PooledDatabase();
  readonly #values = new Map<string, unknown>();
  /** Unix ms of the platform's alarm. */
  alarm: number | undefined;

  exec(query: string, values: readonly SqlValue[]): SqlRow[] {
    return this.#database.exec(query, values);
  }

  get(key: string): unknown {
    return copyOf(this.#values.get(key));
  }

  put(key: string, value: unknown): void {
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, copyOf(value));
  }

  rows(table: string): number {
    return this.#database.rows(table);
  }

  /** Gives its database to the next run. */
  close(): void {
    this.#database.clear();
    free.push(this.#database);
  }
}

function toRow(row: Record<string, unknown>): SqlRow {
  for (const [column, value] of Object.entries(row)) row[column] = toValue(value);
  return row as SqlRow;
}

function toValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return new Uint8Array(value).buffer;
  throw new TypeError(`SQLite gave a ${typeof value}`);
}
