import { bytesOf, first, numberOf, type Sql, type SqlRow } from './sql.ts';

/** Under SQLite's limit in a Durable Object: 2 MB a row. */
const PIECE_BYTES = 2 ** 20;
const PAGE_ROWS = 512;
const PAGE_BYTES = 4 * 2 ** 20;
const SLOT_SIZE = 2 ** 40;
/** A sender may name any sid: without a bound one could fill an object with empty names. */
const MAX_SLOTS = 1024;

export interface MailboxLimits {
  /** Messages a session. */
  readonly maxMessages: number;
  /** Bytes of envelopes a session. */
  readonly maxBytes: number;
}

/** A stored envelope with the key up to which `drop` removes it. */
export interface Letter {
  readonly key: number;
  readonly bytes: Uint8Array;
}

interface Slot {
  readonly slot: number;
  next: number;
  messages: number;
  bytes: number;
}

/**
 * Envelopes waiting for sessions that are away, in order, in the receiving twin's SQLite. Knows nothing of
 * sockets. Each session has a slot; what a slot holds is counted once after waking, then kept in memory.
 */
export class Mailbox {
  readonly #sql: Sql;
  readonly #limits: MailboxLimits;
  readonly #slots = new Map<string, Slot>();
  #loaded = false;

  constructor(sql: Sql, limits: MailboxLimits) {
    this.#sql = sql;
    this.#limits = limits;
  }

  /** Whether nothing waits for this session. */
  isEmpty(sid: string | undefined): boolean {
    return (this.#load().get(sessionKey(sid))?.messages ?? 0) === 0;
  }

  /** Appends an envelope that expires at `expiresAt` (Unix seconds); `full` when a limit forbids it. */
  store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): 'stored' | 'full' {
    const slot = this.#load().get(sessionKey(sid));
    const messages = slot?.messages ?? 0;
    if (messages >= this.#limits.maxMessages || (slot?.bytes ?? 0) + bytes.length > this.#limits.maxBytes)
      return 'full';
    const open = slot ?? this.#open(sessionKey(sid));
    if (open === undefined) return 'full';
    this.#insert(open, bytes, expiresAt);
    return 'stored';
  }

  /** The next letters for a session, oldest first: some whole envelopes, about 4 MiB; none when it is empty. */
  page(sid: string | undefined, now: number): Letter[] {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return [];
    const rows = this.#sql.exec(
      'SELECT key, expires, last, piece FROM mailbox WHERE key >= ? AND key < ? ORDER BY key LIMIT ?',
      slot.slot * SLOT_SIZE,
      (slot.slot + 1) * SLOT_SIZE,
      PAGE_ROWS,
    );
    return assemble(rows, now);
  }

  /** Removes a session's letters up to and with `key`. */
  drop(sid: string | undefined, key: number): void {
    const name = sessionKey(sid);
    const slot = this.#load().get(name);
    if (slot === undefined) return;
    const range = [slot.slot * SLOT_SIZE, key] as const;
    const gone = first(
      this.#sql.exec(
        'SELECT coalesce(sum(last), 0) AS messages, coalesce(sum(length(piece)), 0) AS bytes FROM mailbox WHERE key BETWEEN ? AND ?',
        ...range,
      ),
    );
    this.#sql.exec('DELETE FROM mailbox WHERE key BETWEEN ? AND ?', ...range);
    slot.messages -= numberOf(gone, 'messages');
    slot.bytes -= numberOf(gone, 'bytes');
    if (slot.messages === 0) this.#close(name, slot);
  }

  /** Removes what expired before `now`; answers the earliest expiry left (Unix seconds), if any is. */
  purge(now: number): number | undefined {
    this.#sql.exec('DELETE FROM mailbox WHERE expires <= ?', now);
    this.#sql.exec(
      `DELETE FROM mailbox_slot WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE key >= slot * ${SLOT_SIZE} AND key < (slot + 1) * ${SLOT_SIZE})`,
    );
    this.#slots.clear();
    this.#loaded = false;
    const row = first(this.#sql.exec('SELECT coalesce(min(expires), 0) AS expires FROM mailbox'));
    return numberOf(row, 'expires') || undefined;
  }

  #load(): Map<string, Slot> {
    if (this.#loaded) return this.#slots;
    const rows = this.#sql.exec(
      `SELECT slot, session, count(key) AS pieces, coalesce(sum(last), 0) AS messages,
        coalesce(sum(length(piece)), 0) AS bytes, coalesce(max(key), 0) AS newest
        FROM mailbox_slot LEFT JOIN mailbox ON key >= slot * ${SLOT_SIZE} AND key < (slot + 1) * ${SLOT_SIZE} GROUP BY slot`,
    );
    for (const row of rows) {
      const slot = numberOf(row, 'slot');
      const next = numberOf(row, 'pieces') === 0 ? slot * SLOT_SIZE : numberOf(row, 'newest') + 1;
      this.#slots.set(String(row.session), {
        slot,
        next,
        messages: numberOf(row, 'messages'),
        bytes: numberOf(row, 'bytes'),
      });
    }
    this.#loaded = true;
    return this.#slots;
  }

  #open(name: string): Slot | undefined {
    if (this.#slots.size >= MAX_SLOTS) return undefined;
    const taken = new Set([...this.#slots.values()].map((each) => each.slot));
    let slot = 1;
    while (taken.has(slot)) slot += 1;
    this.#sql.exec('INSERT INTO mailbox_slot (slot, session) VALUES (?, ?)', slot, name);
    const open = { slot, next: slot * SLOT_SIZE, messages: 0, bytes: 0 };
    this.#slots.set(name, open);
    return open;
  }

  #close(name: string, slot: Slot): void {
    this.#sql.exec('DELETE FROM mailbox_slot WHERE slot = ?', slot.slot);
    this.#slots.delete(name);
  }

  #insert(slot: Slot, bytes: Uint8Array, expiresAt: number): void {
    let at = 0;
    do {
      const piece = bytes.slice(at, at + PIECE_BYTES);
      at += PIECE_BYTES;
      const last = at >= bytes.length ? 1 : 0;
      this.#sql.exec(
        'INSERT INTO mailbox (key, expires, last, piece) VALUES (?, ?, ?, ?)',
        slot.next,
        expiresAt,
        last,
        piece.buffer,
      );
      slot.next += 1;
    } while (at < bytes.length);
    slot.messages += 1;
    slot.bytes += bytes.length;
  }
}

/** Absent and '' are two sessions. */
function sessionKey(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${sid}`;
}

/** Joins pieces to envelopes; expired ones become empty letters, so that `drop` removes them in their turn. */
function assemble(rows: Iterable<SqlRow>, now: number): Letter[] {
  const letters: Letter[] = [];
  let pieces: Uint8Array[] = [];
  let size = 0;
  for (const row of rows) {
    const piece = bytesOf(row, 'piece');
    pieces.push(piece);
    size += piece.length;
    if (numberOf(row, 'last') === 0) continue;
    const alive = numberOf(row, 'expires') > now;
    letters.push({ key: numberOf(row, 'key'), bytes: alive ? join(pieces) : new Uint8Array(0) });
    pieces = [];
    if (size >= PAGE_BYTES) break;
  }
  return letters;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
