import { migrate } from './schema.ts';
import { first, type Sql, type SqlRow, type SqlValue } from './sql.ts';

/**
 * A twin's database, whose tables come into being with the first row that is written: most twins never need one, and
 * would pay for the tables in rows and in memory. Tables of earlier code are brought up to date at once.
 */
export class TablesOnDemand implements Sql {
  readonly #sql: Sql;
  #exist: boolean;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#exist = first(sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'")) !== undefined;
    if (this.#exist) migrate(sql);
  }

  exec(query: string, ...bindings: SqlValue[]): Iterable<SqlRow> {
    if (!this.#exist) {
      if (/^(SELECT|DELETE) /.test(query)) return [];
      migrate(this.#sql);
      this.#exist = true;
    }
    return this.#sql.exec(query, ...bindings);
  }
}
