import { concatBytes } from '@noble/hashes/utils.js';
import { type Packed, pack, packedSize, unpack } from './pack.ts';
import { bytesOf, first, numberOf, type Sql, type SqlRow, textOf } from './sql.ts';

/** Under SQLite's limit in a Durable Object: 2 MB a row. */
const PIECE_BYTES = 2 ** 20;
const MOST_ROWS = 512;
/** A key is slot * 2^40 + number: one session's rows lie together, in order. */
const SLOT_SIZE = 2 ** 40;
const IN_SLOT = `key >= slot * ${SLOT_SIZE} AND key < (slot + 1) * ${SLOT_SIZE}`;
const LETTERS = 'CASE letters WHEN 0 THEN last ELSE letters END';
/** What envelopes take in a row: a pack has a header for each of its letters. */
const BYTES = `length(piece) - letters * ${packedSize(new Uint8Array(0))}`;

/** Whole letters that leave the box together: those of one pack, or one large letter of several pieces. */
export interface Row {
  /** The last key that they take. */
  readonly key: number;
  readonly letters: readonly Packed[];
}

/** A slot as it stands in the database. */
export interface StoredSlot {
  readonly session: string;
  readonly slot: number;
  /** The key of its next row. */
  readonly next: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The rows of a mailbox: a slot a session, and in it packs of small letters and pieces of large ones. */
export class MailboxRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  slots(): StoredSlot[] {
    const rows = this.#sql.exec(
      `SELECT slot, session, coalesce(sum(${LETTERS}), 0) AS messages, coalesce(sum(${BYTES}), 0) AS bytes,
        coalesce(max(key) + 1, slot * ${SLOT_SIZE}) AS next
        FROM mailbox_slot LEFT JOIN mailbox ON ${IN_SLOT} GROUP BY slot`,
    );
    return [...rows].map((row) => ({
      session: textOf(row, 'session'),
      slot: numberOf(row, 'slot'),
      next: numberOf(row, 'next'),
      messages: numberOf(row, 'messages'),
      bytes: numberOf(row, 'bytes'),
    }));
  }

  /** @returns the key of the slot's first row */
  openSlot(slot: number, session: string): number {
    this.#sql.exec('INSERT INTO mailbox_slot (slot, session) VALUES (?, ?)', slot, session);
    return slot * SLOT_SIZE;
  }

  closeSlot(slot: number): void {
    this.#sql.exec('DELETE FROM mailbox_slot WHERE slot = ?', slot);
  }

  insertPack(key: number, letters: readonly Packed[]): void {
    this.#insert(key, latest(letters), 1, letters.length, pack(letters).buffer);
  }

  /** Lets letters join those of a pack. */
  lengthen(key: number, letters: readonly Packed[]): void {
    this.#sql.exec(
      'UPDATE mailbox SET piece = CAST(piece || ? AS BLOB), letters = letters + ?, expires = max(expires, ?) WHERE key = ?',
      pack(letters).buffer,
      letters.length,
      latest(letters),
      key,
    );
  }

  /** @returns the key behind the letter's last piece */
  insertLarge(key: number, { bytes, expiresAt }: Packed): number {
    let next = key;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const isLast = at + PIECE_BYTES >= bytes.length;
      this.#insert(next, expiresAt, isLast ? 1 : 0, 0, bytes.slice(at, at + PIECE_BYTES).buffer);
      next += 1;
    }
    return next;
  }

  /** The rows of a slot behind `key`, in order; not all of them, but never a part of a letter. */
  *after(slot: number, key: number): Iterable<Row> {
    const rows = this.#sql.exec(
      'SELECT key, expires, last, letters, piece FROM mailbox WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
      Math.max(slot * SLOT_SIZE, key + 1),
      (slot + 1) * SLOT_SIZE,
      MOST_ROWS,
    );
    let pieces: Uint8Array[] = [];
    for (const row of rows) {
      const piece = bytesOf(row, 'piece');
      if (numberOf(row, 'letters') > 0) {
        yield { key: numberOf(row, 'key'), letters: unpack(piece) };
        continue;
      }
      pieces.push(piece);
      if (numberOf(row, 'last') === 0) continue;
      yield { key: numberOf(row, 'key'), letters: [largeLetter(row, pieces)] };
      pieces = [];
    }
  }

  /** All letters of a slot, in order. */
  *letters(slot: number): Iterable<Packed> {
    let [key, last] = [0, -1];
    while (key !== last) {
      last = key;
      for (const row of this.after(slot, key)) {
        key = row.key;
        yield* row.letters;
      }
    }
  }

  /** Removes a slot's rows up to and with `key`. */
  removeThrough(slot: number, key: number): void {
    this.#sql.exec('DELETE FROM mailbox WHERE key BETWEEN ? AND ?', slot * SLOT_SIZE, key);
  }

  /**
   * Removes rows whose letters have all expired by `now` (Unix seconds), and slots that are empty then.
   * @returns how many letters went, and the earliest expiry of a row that is left
   */
  purge(now: number): { readonly expired: number; readonly next: number | undefined } {
    const gone = first(
      this.#sql.exec(`SELECT coalesce(sum(${LETTERS}), 0) AS expired FROM mailbox WHERE expires <= ?`, now),
    );
    const expired = numberOf(gone, 'expired');
    if (expired > 0) this.#sql.exec('DELETE FROM mailbox WHERE expires <= ?', now);
    this.#sql.exec(`DELETE FROM mailbox_slot WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE ${IN_SLOT})`);
    const left = first(this.#sql.exec('SELECT coalesce(min(expires), 0) AS expires FROM mailbox'));
    return { expired, next: numberOf(left, 'expires') || undefined };
  }

  #insert(key: number, expires: number, last: number, letters: number, piece: ArrayBuffer): void {
    this.#sql.exec(
      'INSERT INTO mailbox (key, expires, last, letters, piece) VALUES (?, ?, ?, ?, ?)',
      key,
      expires,
      last,
      letters,
      piece,
    );
  }
}

/** A row leaves the box by itself when its last letter has expired. */
function latest(letters: readonly Packed[]): number {
  return letters.reduce((latest, { expiresAt }) => Math.max(latest, expiresAt), 0);
}

function largeLetter(row: SqlRow, pieces: readonly Uint8Array[]): Packed {
  return { expiresAt: numberOf(row, 'expires'), bytes: concatBytes(...pieces) };
}
