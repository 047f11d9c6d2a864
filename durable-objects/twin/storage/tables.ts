import { LaterSchema, migrate } from './schema.ts';
import { first, type Sql, type SqlRow, type SqlValue } from './sql.ts';

/** The part of an object's storage that its tables need. */
export interface TableStorage {
  readonly sql: Sql;
  /** Runs `work`, and undoes its writes when it throws. */
  transactionSync<T>(work: () => T): T;
}

/**
 * A twin's database, whose tables are created with the first row. Most twins never need one, and would pay for the tables
 * in rows and memory. Tables of earlier code are migrated at once. The constructor never throws: an object that cannot
 * be made has no answer for its senders, and its alarm is lost after some tries.
 */
export class TablesOnDemand implements Sql {
  readonly #storage: TableStorage;
  #later: LaterSchema | undefined;
  /** Whether the object has tables; undefined until that was read. */
  #exist: boolean | undefined;
  #isReady = false;

  constructor(storage: TableStorage) {
    this.#storage = storage;
    try {
      if (this.#look()) this.#prepare();
    } catch {
      // Tables of later code stay so until the next deploy. After a failure of the storage each statement tries again.
    }
  }

  /** Whether later code wrote the tables, and this code must not use them. Every statement throws then. */
  get areLater(): boolean {
    return this.#later !== undefined;
  }

  /** Whether the object has tables: it has stored something, now or before. */
  get exist(): boolean {
    return this.#isReady || this.#look();
  }

  exec(query: string, ...bindings: SqlValue[]): Iterable<SqlRow> {
    if (this.#later !== undefined) throw this.#later;
    if (!this.#isReady) {
      if (/^(SELECT|DELETE) /.test(query) && !this.#look()) return [];
      this.#prepare();
    }
    return this.#storage.sql.exec(query, ...bindings);
  }

  #look(): boolean {
    const tables = "SELECT 1 FROM sqlite_master WHERE name = 'migration'";
    this.#exist ??= first(this.#storage.sql.exec(tables)) !== undefined;
    return this.#exist;
  }

  #prepare(): void {
    try {
      // A migration that stopped half-way could never be run again.
      this.#storage.transactionSync(() => migrate(this.#storage.sql));
      this.#isReady = true;
    } catch (error) {
      if (error instanceof LaterSchema) this.#later = error;
      throw error;
    }
  }
}
