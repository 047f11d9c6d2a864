import { concatBytes } from '@noble/hashes/utils.js';
import { bytesOf, first, numberOf, type Sql, type SqlRow, textOf } from '../storage/sql.ts';
import { decodeMailboxRecord, encodeMailboxRecord, type StoredEnvelope, storedSize } from './mailbox-record.ts';

/** Below SQLite's limit in a Durable Object: 2 MB a row. */
const PIECE_BYTES = 2 ** 20;
const MOST_ROWS = 512;
/** A key is slot * 2^40 + number, so that the rows of one session are together, in order. */
const SLOT_SIZE = 2 ** 40;
const IN_SLOT = `key >= slot * ${SLOT_SIZE} AND key < (slot + 1) * ${SLOT_SIZE}`;
/** The number of envelopes in a row. A large envelope counts at its last piece. */
const MESSAGES = 'CASE letters WHEN 0 THEN last ELSE letters END';
/** The bytes of the envelopes in a row. A row of several envelopes has a header for each. */
const BYTES = `length(piece) - letters * ${storedSize(new Uint8Array(0))}`;

/** Envelopes that leave the mailbox together: those of one row, or a large one in several rows. */
export interface MailboxRecord {
  /** The key of its last row. */
  readonly key: number;
  readonly envelopes: readonly StoredEnvelope[];
}

/** A session's slot in the database. */
export interface StoredSlot {
  readonly session: string;
  readonly slot: number;
  /** The key of its next row. */
  readonly next: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The records of a mailbox in SQLite. Each session has a slot, with rows of small envelopes and pieces of large ones. */
export class MailboxRecords {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Returns all slots. */
  slots(): StoredSlot[] {
    const rows = this.#sql.exec(
      `SELECT slot, session, coalesce(sum(${MESSAGES}), 0) AS messages, coalesce(sum(${BYTES}), 0) AS bytes,
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

  /** Opens a slot. Returns the key of its first row. */
  openSlot(slot: number, session: string): number {
    this.#sql.exec('INSERT INTO mailbox_slot (slot, session) VALUES (?, ?)', slot, session);
    return slot * SLOT_SIZE;
  }

  /** Removes an empty slot. */
  closeSlot(slot: number): void {
    this.#sql.exec('DELETE FROM mailbox_slot WHERE slot = ?', slot);
  }

  /** Inserts a record of small envelopes. */
  insertSmall(key: number, envelopes: readonly StoredEnvelope[]): void {
    this.#insert(key, latest(envelopes), 1, envelopes.length, encodeMailboxRecord(envelopes).buffer);
  }

  /** Appends small envelopes to a record. */
  append(key: number, envelopes: readonly StoredEnvelope[]): void {
    this.#sql.exec(
      'UPDATE mailbox SET piece = CAST(piece || ? AS BLOB), letters = letters + ?, expires = max(expires, ?) WHERE key = ?',
      encodeMailboxRecord(envelopes).buffer,
      envelopes.length,
      latest(envelopes),
      key,
    );
  }

  /** Inserts a large envelope. Returns the key behind its last piece. */
  insertLarge(key: number, { bytes, expiresAt }: StoredEnvelope): number {
    let next = key;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const isLast = at + PIECE_BYTES >= bytes.length;
      this.#insert(next, expiresAt, isLast ? 1 : 0, 0, bytes.slice(at, at + PIECE_BYTES).buffer);
      next += 1;
    }
    return next;
  }

  /** Reads records of a slot behind `key`, in order. It may stop early, but never within an envelope. */
  *after(slot: number, key: number): Iterable<MailboxRecord> {
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
        yield { key: numberOf(row, 'key'), envelopes: decodeMailboxRecord(piece) };
        continue;
      }
      pieces.push(piece);
      if (numberOf(row, 'last') === 0) continue;
      yield { key: numberOf(row, 'key'), envelopes: [largeEnvelope(row, pieces)] };
      pieces = [];
    }
  }

  /** Reads all envelopes of a slot, in order. */
  *envelopes(slot: number): Iterable<StoredEnvelope> {
    let [key, last] = [0, -1];
    while (key !== last) {
      last = key;
      for (const record of this.after(slot, key)) {
        key = record.key;
        yield* record.envelopes;
      }
    }
  }

  /** Removes a slot's rows up to `key`, with that row. */
  removeThrough(slot: number, key: number): void {
    this.#sql.exec('DELETE FROM mailbox WHERE key BETWEEN ? AND ?', slot * SLOT_SIZE, key);
  }

  /**
   * Removes rows whose envelopes have all expired at `now` (Unix seconds), and slots that are empty then.
   * @returns how many envelopes expired, and the earliest expiry of a remaining row
   */
  purge(now: number): { readonly expired: number; readonly next: number | undefined } {
    const old = first(
      this.#sql.exec(`SELECT coalesce(sum(${MESSAGES}), 0) AS expired FROM mailbox WHERE expires <= ?`, now),
    );
    const expired = numberOf(old, 'expired');
    if (expired > 0) this.#sql.exec('DELETE FROM mailbox WHERE expires <= ?', now);
    this.#sql.exec(`DELETE FROM mailbox_slot WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE ${IN_SLOT})`);
    const left = first(this.#sql.exec('SELECT coalesce(min(expires), 0) AS expires FROM mailbox'));
    return { expired, next: numberOf(left, 'expires') || undefined };
  }

  /** @param small number of small envelopes in the row; 0 for a piece of a large one */
  #insert(key: number, expires: number, last: number, small: number, piece: ArrayBuffer): void {
    this.#sql.exec(
      'INSERT INTO mailbox (key, expires, last, letters, piece) VALUES (?, ?, ?, ?, ?)',
      key,
      expires,
      last,
      small,
      piece,
    );
  }
}

/** Returns when the last of these envelopes expires. Their row can be removed then. */
function latest(envelopes: readonly StoredEnvelope[]): number {
  return envelopes.reduce((latest, { expiresAt }) => Math.max(latest, expiresAt), 0);
}

function largeEnvelope(row: SqlRow, pieces: readonly Uint8Array[]): StoredEnvelope {
  return { expiresAt: numberOf(row, 'expires'), bytes: concatBytes(...pieces) };
}
