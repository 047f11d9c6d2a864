import type { Sql } from './sql.ts';
import { textOf } from './sql.ts';

interface Migration {
  readonly id: string;
  readonly sql: readonly string[];
}

/**
 * Append only: an object of last year runs what it misses, in this order. An entry that was deployed once
 * is never edited, moved or removed.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    id: '1-mailbox',
    sql: [
      // A slot per session with mail. A letter's key is slot * 2^40 + number, so that one session's letters
      // lie together, in order, without a second index (the platform bills every index row written).
      'CREATE TABLE mailbox_slot (slot INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE)',
      'CREATE TABLE mailbox (key INTEGER PRIMARY KEY, expires INTEGER NOT NULL, last INTEGER NOT NULL, piece BLOB NOT NULL)',
    ],
  },
  { id: '2-alarms', sql: ['CREATE TABLE alarm (name TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID'] },
  // How many small letters share the row; 0: the row is a piece of one large letter, as all were before.
  { id: '3-mailbox-packs', sql: ['ALTER TABLE mailbox ADD COLUMN letters INTEGER NOT NULL DEFAULT 0'] },
  // What sessions that have ended sent in the minute: one row at most.
  {
    id: '4-rate-window',
    sql: ['CREATE TABLE rate_window (minute INTEGER PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL)'],
  },
  {
    id: '5-federation',
    sql: [
      // A bundle of messages is a row; one over 1 MiB is several. The key is bundle * 64 + piece.
      'CREATE TABLE federation (key INTEGER PRIMARY KEY, twin INTEGER NOT NULL, expires INTEGER NOT NULL, messages INTEGER NOT NULL, piece BLOB NOT NULL)',
      // A bit for each message of a bundle that is settled; apart, so that a note does not write the bundle again.
      'CREATE TABLE federation_done (bundle INTEGER PRIMARY KEY, done BLOB NOT NULL)',
    ],
  },
];

/**
 * Brings an object's tables up to date.
 * @throws when the object has seen other migrations than this code knows: older code over newer data.
 */
export function migrate(sql: Sql, migrations: readonly Migration[] = MIGRATIONS): void {
  sql.exec('CREATE TABLE IF NOT EXISTS migration (n INTEGER PRIMARY KEY, id TEXT NOT NULL)');
  const applied = [...sql.exec('SELECT id FROM migration ORDER BY n')].map((row) => textOf(row, 'id'));
  applied.forEach((id, index) => {
    if (migrations[index]?.id !== id) {
      throw new Error(`schema: this object has migration ${id} at place ${index + 1}, this code does not`);
    }
  });
  migrations.slice(applied.length).forEach((migration, index) => {
    for (const statement of migration.sql) sql.exec(statement);
    sql.exec('INSERT INTO migration (n, id) VALUES (?, ?)', applied.length + index + 1, migration.id);
  });
}
