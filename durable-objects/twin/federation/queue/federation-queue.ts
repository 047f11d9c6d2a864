import { concatBytes } from '@noble/hashes/utils.js';
import type { RoutedEnvelope } from '../../send/routed-envelope.ts';
import { bytesOf, first, numberOf, type Sql } from '../../storage/sql.ts';
import {
  decodeQueueRecord,
  encodeQueueRecords,
  type QueueRecord,
  RECORD_BYTES,
  RECORD_ENVELOPES,
  withoutVersion,
} from './queue-record.ts';

/** Rows that one record may take: an envelope has at most 24 MiB. Part of the keys in SQLite, so it never changes. */
const ROWS_A_RECORD = 64;
/** Settled envelopes of a record that share one write of its progress. After a crash, fewer than this repeat. */
const SETTLED_A_WRITE = 16;
/** A record that is being sent takes more envelopes up to this: a row that grows costs one write, another row two. */
const APPEND_BYTES = 32_768;

/** How much one twin's object queues for other relays. */
export interface FederationLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** An envelope that is not settled, and its place in its record. */
export interface OpenEnvelope {
  readonly index: number;
  readonly envelope: RoutedEnvelope;
}

/** A record, without its envelopes. */
interface RecordState {
  readonly twin: number;
  messages: number;
  bytes: number;
  /** A bit for each settled envelope. */
  done: Uint8Array;
  /** Settled envelopes whose bits are not in SQLite yet. */
  unsaved: number;
  /** Whether SQLite has bits of it. */
  isSaved: boolean;
  /** Envelopes that are not settled. */
  open: number;
  /** When the first open envelope expires, or earlier (Unix seconds). */
  expires: number;
}

/**
 * Envelopes for other relays, in the sending twin's SQLite until each is settled. Many share a record, because the
 * platform bills rows and not bytes. The progress of a record is saved for several envelopes at once, so that a crash
 * loses none and repeats few.
 */
export class FederationQueue {
  readonly #sql: Sql;
  readonly #limits: FederationLimits;
  #records: Map<number, RecordState> | undefined;
  #next = 1;
  #messages = 0;
  #bytes = 0;

  constructor(sql: Sql, limits: FederationLimits) {
    this.#sql = sql;
    this.#limits = limits;
  }

  /** Envelopes that are not settled. */
  get waiting(): number {
    this.#load();
    return this.#messages;
  }

  /** Returns whether there is room for all these envelopes. */
  fits(envelopes: readonly RoutedEnvelope[]): boolean {
    this.#load();
    const bytes = envelopes.reduce((sum, envelope) => sum + envelope.bytes.length, 0);
    return (
      this.#messages + envelopes.length <= this.#limits.maxMessages && this.#bytes + bytes <= this.#limits.maxBytes
    );
  }

  /**
   * Stores envelopes for one twin.
   * @param into a record of the twin that takes all of them, if they fit
   * @returns the new records; the place of the first envelope in `into`, if that took them; and the envelopes that found
   *   no room
   */
  add(
    twin: number,
    envelopes: readonly RoutedEnvelope[],
    into?: number,
  ): {
    readonly records: readonly number[];
    readonly appendedAt?: number | undefined;
    readonly full: readonly RoutedEnvelope[];
  } {
    const records = this.#load();
    let [room, bytes] = [this.#limits.maxMessages - this.#messages, this.#limits.maxBytes - this.#bytes];
    const fitting = envelopes.filter((envelope) => {
      if (room < 1 || envelope.bytes.length > bytes) return false;
      room -= 1;
      bytes -= envelope.bytes.length;
      return true;
    });
    const taken = new Set(fitting);
    const full = envelopes.filter((envelope) => !taken.has(envelope));
    const encodedRecords = encodeQueueRecords(fitting);
    const appendedAt = into === undefined ? undefined : this.#append(into, encodedRecords);
    if (appendedAt !== undefined) return { records: [], appendedAt, full };
    const ids = encodedRecords.map((encoded) => {
      const id = this.#next;
      this.#next += 1;
      const expires = Math.min(...encoded.envelopes.map(({ expiresAt }) => expiresAt));
      const record = { twin, expires, messages: encoded.envelopes.length, bytes: encoded.bytes.length };
      this.#insert(id, record, encoded.bytes);
      this.#messages += record.messages;
      this.#bytes += record.bytes;
      records.set(id, { ...record, open: record.messages, done: noBits(record.messages), unsaved: 0, isSaved: false });
      return id;
    });
    return { records: ids, full };
  }

  /** Appends an encoded record to a stored one. Returns the place of its first envelope; undefined if it does not fit. */
  #append(id: number, [encoded, ...others]: readonly QueueRecord[]): number | undefined {
    const record = this.#load().get(id);
    if (record === undefined || encoded === undefined || others.length > 0) return undefined;
    const more = withoutVersion(encoded.bytes);
    const [at, messages] = [record.messages, record.messages + encoded.envelopes.length];
    if (record.bytes + more.length > APPEND_BYTES || messages > RECORD_ENVELOPES) return undefined;
    const expires = Math.min(record.expires, ...encoded.envelopes.map(({ expiresAt }) => expiresAt));
    this.#sql.exec(
      'UPDATE federation SET piece = CAST(piece || ? AS BLOB), messages = ?, expires = ? WHERE key = ?',
      more.slice().buffer,
      messages,
      expires,
      id * ROWS_A_RECORD,
    );
    record.messages = messages;
    record.bytes += more.length;
    record.open += encoded.envelopes.length;
    record.expires = expires;
    record.done = grown(record.done, messages);
    this.#messages += encoded.envelopes.length;
    this.#bytes += more.length;
    return at;
  }

  /** Returns all records in the order in which they were stored; `expires` in Unix seconds. */
  list(): { readonly id: number; readonly twin: number; readonly expires: number }[] {
    return [...this.#load()].map(([id, { twin, expires }]) => ({ id, twin, expires }));
  }

  /** Returns whether a record has an open envelope. */
  has(id: number): boolean {
    return this.#load().has(id);
  }

  /** Reads the open envelopes of a record. */
  read(id: number): OpenEnvelope[] {
    const record = this.#load().get(id);
    if (record === undefined) return [];
    const rows = this.#sql.exec('SELECT piece FROM federation WHERE key >= ? AND key < ? ORDER BY key', ...keysOf(id));
    const bytes = concatBytes(...[...rows].map((row) => bytesOf(row, 'piece')));
    return decodeQueueRecord(bytes).flatMap((envelope, index) =>
      isDone(record.done, index) ? [] : [{ index, envelope }],
    );
  }

  /** Sets when the first open envelope of a record expires (Unix seconds). */
  setExpiry(id: number, expires: number): void {
    const record = this.#load().get(id);
    if (record !== undefined) record.expires = expires;
  }

  /**
   * Settles an envelope; the last open one removes its record. Until the progress is saved, a crash may repeat the
   * envelope.
   * @param mayWait whether the caller saves the progress soon
   */
  settle(id: number, index: number, mayWait = false): void {
    const records = this.#load();
    const record = records.get(id);
    if (record === undefined || isDone(record.done, index)) return;
    const byte = index >> 3;
    record.done[byte] = (record.done[byte] ?? 0) | (1 << (index & 7));
    record.unsaved += 1;
    record.open -= 1;
    this.#messages -= 1;
    if (record.open > 0) {
      if (!mayWait && record.unsaved >= SETTLED_A_WRITE) this.saveProgress(id);
      return;
    }
    this.#sql.exec('DELETE FROM federation WHERE key >= ? AND key < ?', ...keysOf(id));
    if (record.isSaved) this.#sql.exec('DELETE FROM federation_done WHERE bundle = ?', id);
    this.#bytes -= record.bytes;
    records.delete(id);
  }

  /** Returns how many settled envelopes of a record a crash would repeat. */
  unsaved(id: number): number {
    return this.#load().get(id)?.unsaved ?? 0;
  }

  /** Saves which envelopes of a record are settled, so that a crash repeats none of them. */
  saveProgress(id: number): void {
    const record = this.#load().get(id);
    if (record === undefined || record.unsaved === 0) return;
    this.#sql.exec(
      'INSERT INTO federation_done (bundle, done) VALUES (?, ?) ON CONFLICT (bundle) DO UPDATE SET done = excluded.done',
      id,
      record.done.slice().buffer,
    );
    record.unsaved = 0;
    record.isSaved = true;
  }

  #load(): Map<number, RecordState> {
    if (this.#records !== undefined) return this.#records;
    this.#records = new Map();
    const rows = this.#sql.exec(
      `SELECT key / ${ROWS_A_RECORD} AS record, twin, min(expires) AS expires, max(messages) AS messages,
        sum(length(piece)) AS bytes FROM federation GROUP BY key / ${ROWS_A_RECORD} ORDER BY key`,
    );
    for (const row of rows) {
      const [id, messages, bytes] = [numberOf(row, 'record'), numberOf(row, 'messages'), numberOf(row, 'bytes')];
      const saved = first(this.#sql.exec('SELECT done FROM federation_done WHERE bundle = ?', id));
      // Saved before the last envelopes were appended, it has fewer bits.
      const done = grown(saved === undefined ? noBits(0) : bytesOf(saved, 'done'), messages);
      const open = Array.from({ length: messages }, (_, index) => index).filter((index) => !isDone(done, index)).length;
      const [twin, expires] = [numberOf(row, 'twin'), numberOf(row, 'expires')];
      this.#records.set(id, { twin, messages, bytes, done, unsaved: 0, isSaved: saved !== undefined, open, expires });
      this.#next = id + 1;
      this.#messages += open;
      this.#bytes += bytes;
    }
    return this.#records;
  }

  #insert(id: number, record: Pick<RecordState, 'twin' | 'expires' | 'messages'>, bytes: Uint8Array): void {
    for (let row = 0; row * RECORD_BYTES < bytes.length; row += 1) {
      this.#sql.exec(
        'INSERT INTO federation (key, twin, expires, messages, piece) VALUES (?, ?, ?, ?, ?)',
        id * ROWS_A_RECORD + row,
        record.twin,
        record.expires,
        record.messages,
        bytes.slice(row * RECORD_BYTES, (row + 1) * RECORD_BYTES).buffer,
      );
    }
  }
}

/** Returns the first key of a record's rows, and the first key behind them. */
function keysOf(id: number): [number, number] {
  return [id * ROWS_A_RECORD, (id + 1) * ROWS_A_RECORD];
}

function grown(done: Uint8Array, messages: number): Uint8Array {
  const bits = noBits(messages);
  bits.set(done.subarray(0, bits.length));
  return bits;
}

function noBits(messages: number): Uint8Array {
  return new Uint8Array(Math.ceil(messages / 8));
}

function isDone(done: Uint8Array, index: number): boolean {
  return (((done[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}
