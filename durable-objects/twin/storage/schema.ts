import type { Sql } from './sql.ts';
import { numberOf, textOf } from './sql.ts';

/** A change of the tables. The schema level of code is the number of migrations that it knows. */
interface Migration {
  readonly id: string;
  readonly sql: readonly string[];
  /**
   * The lowest schema level whose code may still run on the tables after this migration. A rollback runs older code on
   * them, and so does each deploy for some minutes. A migration that adds a table, or a column with a default, has the
   * lowest level of the one before. A migration that changes the meaning of a row, or adds another kind of row to a
   * table, has its own level.
   */
  readonly lowest: number;
}

/** Tables of a later version of the relay, on which this code must not run. */
export class LaterSchema extends Error {}

/**
 * Append only: an older object runs the migrations that it lacks, in this order. A deployed entry is never edited, moved
 * or removed.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    id: '1-mailbox',
    sql: [
      // A slot for each session with stored envelopes. A key is slot * 2^40 + number, so that the rows of a session are
      // together, in order. A second index would cost more: the platform bills every index row written.
      'CREATE TABLE mailbox_slot (slot INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE)',
      'CREATE TABLE mailbox (key INTEGER PRIMARY KEY, expires INTEGER NOT NULL, last INTEGER NOT NULL, piece BLOB NOT NULL)',
    ],
    lowest: 1,
  },
  {
    id: '2-alarms',
    sql: ['CREATE TABLE alarm (name TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID'],
    lowest: 1,
  },
  {
    id: '3-mailbox-packs',
    // How many small envelopes share the row. 0: the row is a piece of one large envelope, as all were before.
    sql: ['ALTER TABLE mailbox ADD COLUMN letters INTEGER NOT NULL DEFAULT 0'],
    // Code of before takes several envelopes for one.
    lowest: 3,
  },
  // The shares of ended sessions in the minute: one row at most.
  {
    id: '4-rate-window',
    sql: ['CREATE TABLE rate_window (minute INTEGER PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL)'],
    lowest: 3,
  },
  {
    id: '5-federation',
    sql: [
      // A record of envelopes is a row; one over 1 MiB is several. The key is record * 64 + row.
      'CREATE TABLE federation (key INTEGER PRIMARY KEY, twin INTEGER NOT NULL, expires INTEGER NOT NULL, messages INTEGER NOT NULL, piece BLOB NOT NULL)',
      // A bit for each settled envelope of a record; apart, so that progress does not write the record again.
      'CREATE TABLE federation_done (bundle INTEGER PRIMARY KEY, done BLOB NOT NULL)',
    ],
    lowest: 3,
  },
];

/**
 * Brings an object's tables up to date. Tables of later code stay as they are.
 * @throws LaterSchema when this code must not run on the tables
 */
export function migrate(sql: Sql, migrations: readonly Migration[] = MIGRATIONS): void {
  sql.exec('CREATE TABLE IF NOT EXISTS migration (n INTEGER PRIMARY KEY, id TEXT NOT NULL, lowest INTEGER NOT NULL)');
  const applied = [...sql.exec('SELECT id, lowest FROM migration ORDER BY n')];
  applied.forEach((row, index) => {
    const [id, lowest, known] = [textOf(row, 'id'), numberOf(row, 'lowest'), migrations[index]];
    if (known === undefined ? lowest > migrations.length : known.id !== id) {
      throw new LaterSchema(
        `schema: this code cannot run on migration ${id}, which the object has at place ${index + 1}`,
      );
    }
  });
  migrations.slice(applied.length).forEach(({ id, sql: statements, lowest }, index) => {
    for (const statement of statements) sql.exec(statement);
    sql.exec('INSERT INTO migration (n, id, lowest) VALUES (?, ?, ?)', applied.length + index + 1, id, lowest);
  });
}
