import { MailboxRows, type Row } from './mailbox-rows.ts';
import { type Packed, packedSize } from './pack.ts';
import type { Sql } from './sql.ts';

/** Letters up to this size share rows with others. */
const SMALL_BYTES = 32 * 1024;
/** A row of letters is lengthened up to here; each time SQLite writes it anew. */
const APPEND_BYTES = 32 * 1024;
/** What arrives together fills rows of this size. */
const PACK_BYTES = 256 * 1024;
const PAGE_BYTES = 2 ** 20;
/** A sender may name any sid: without a bound one could fill an object with names that no session has. */
const MAX_SLOTS = 1024;
/** So often what one session may have is what all of a twin's may have together: an object holds 10 GB at most. */
const MOST_FULL_SLOTS = 8;

export interface MailboxLimits {
  /** Messages a session. */
  readonly maxMessages: number;
  /** Bytes of envelopes a session. */
  readonly maxBytes: number;
}

/** The next letters of a session, in order. */
export interface Page {
  readonly letters: readonly Uint8Array[];
  /** How many more had expired. */
  readonly expired: number;
  readonly end: PageEnd;
}

/** Where a page ends, and what lies in the box up to there. */
export interface PageEnd {
  readonly key: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What a session's slot holds; counted once after waking, then kept in memory. */
interface Slot {
  readonly slot: number;
  /** The key of the next row. */
  next: number;
  messages: number;
  bytes: number;
  /** The newest row, as long as further letters may join it. */
  open: { readonly key: number; size: number } | undefined;
  /** Letters taken, not yet written. */
  unwritten: Packed[];
  /** Pages that the session's socket was given, and that may still have to be given again. */
  handed: readonly PageEnd[];
}

/**
 * Envelopes waiting for sessions that are away, in order, in the receiving twin's SQLite. Knows nothing of
 * sockets. A letter's way out has two steps: `hand` when a socket was given it, which only memory knows, and
 * `settle`, which removes it. An object that dies in between hands it out again.
 */
export class Mailbox {
  readonly #rows: MailboxRows;
  readonly #limits: MailboxLimits;
  #slots: Map<string, Slot> | undefined;

  constructor(sql: Sql, limits: MailboxLimits) {
    this.#rows = new MailboxRows(sql);
    this.#limits = limits;
  }

  /** Whether nothing waits for this session: all that lies here was handed out. */
  isEmpty(sid: string | undefined): boolean {
    const slot = this.#load().get(sessionKey(sid));
    return slot === undefined || slot.messages === messagesIn(slot.handed);
  }

  /** What waits for all sessions together. */
  waiting(): { readonly messages: number; readonly bytes: number } {
    let [messages, bytes] = [0, 0];
    for (const slot of this.#load().values()) {
      messages += slot.messages - messagesIn(slot.handed);
      bytes += slot.bytes - bytesIn(slot.handed);
    }
    return { messages, bytes };
  }

  /**
   * Appends an envelope that expires at `expiresAt` (Unix seconds); `full` when a limit forbids it. It is in the
   * database after `write`.
   */
  store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): 'stored' | 'full' {
    const slot = this.#load().get(sessionKey(sid));
    const [messages, size] = [slot?.messages ?? 0, slot?.bytes ?? 0];
    const { maxMessages, maxBytes } = this.#limits;
    if (messages >= maxMessages || size + bytes.length > maxBytes) return 'full';
    if (this.#bytes() + bytes.length > MOST_FULL_SLOTS * maxBytes) return 'full';
    const open = slot ?? this.#open(sessionKey(sid));
    if (open === undefined) return 'full';
    open.unwritten.push({ expiresAt, bytes });
    open.messages += 1;
    open.bytes += bytes.length;
    return 'stored';
  }

  /** Writes what was stored: small letters share rows. @throws when the database takes no more */
  write(): void {
    try {
      this.#writeAll();
    } catch (error) {
      // What counts is what stands there.
      this.#slots = undefined;
      throw error;
    }
  }

  #writeAll(): void {
    for (const slot of this.#load().values()) {
      if (slot.unwritten.length === 0) continue;
      const letters = slot.unwritten;
      slot.unwritten = [];
      for (const group of groupLetters(letters)) this.#writeGroup(slot, group);
    }
  }

  /** The next letters of a session that were not handed out, oldest first: whole envelopes, about 1 MiB. */
  page(sid: string | undefined, now: number): Page | undefined {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined || slot.messages === messagesIn(slot.handed)) return undefined;
    return pageOf(this.#rows.after(slot.slot, slot.handed.at(-1)?.key ?? 0), now);
  }

  /** A socket was given this page. */
  hand(sid: string | undefined, { end }: Page): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return;
    slot.handed = [...slot.handed, end];
    // A letter that joined a row handed out already would be taken for handed, too.
    slot.open = undefined;
  }

  /**
   * What was handed out has arrived: it is removed.
   * @param pages only these, as far as they have not been recalled since; absent: all
   */
  settle(sid: string | undefined, pages?: readonly PageEnd[]): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return;
    const settled = slot.handed.filter((page) => pages === undefined || pages.includes(page));
    const last = settled.at(-1);
    if (last === undefined) return;
    this.#rows.removeThrough(slot.slot, last.key);
    slot.messages -= messagesIn(settled);
    slot.bytes -= bytesIn(settled);
    slot.handed = slot.handed.filter((page) => !settled.includes(page));
  }

  /** What was handed out may not have arrived: it waits again. */
  recall(sid: string | undefined): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot !== undefined) slot.handed = [];
  }

  /**
   * Removes what expired before `now`; answers how many letters that were, and the earliest expiry left, if any is.
   * While something is handed out, which will be known in a moment, nothing is removed.
   */
  purge(now: number): { readonly expired: number; readonly next: number | undefined } {
    if ([...this.#load().values()].some((slot) => slot.handed.length > 0)) return { expired: 0, next: now + 1 };
    const purged = this.#rows.purge(now);
    this.#slots = undefined;
    return purged;
  }

  #bytes(): number {
    let bytes = 0;
    for (const slot of this.#load().values()) bytes += slot.bytes;
    return bytes;
  }

  #load(): Map<string, Slot> {
    if (this.#slots !== undefined) return this.#slots;
    this.#slots = new Map();
    for (const { session, ...counted } of this.#rows.slots()) {
      this.#slots.set(session, { ...counted, open: undefined, unwritten: [], handed: [] });
    }
    return this.#slots;
  }

  #open(session: string): Slot | undefined {
    const slots = this.#load();
    // The session without a sid, which every peer has, always finds room.
    const isNamed = session !== sessionKey(undefined);
    if (isNamed && slots.size >= MAX_SLOTS && !this.#closeAnEmptyOne(slots)) return undefined;
    const taken = new Set([...slots.values()].map((each) => each.slot));
    let slot = 1;
    while (taken.has(slot)) slot += 1;
    const next = this.#rows.openSlot(slot, session);
    const open = { slot, next, messages: 0, bytes: 0, open: undefined, unwritten: [], handed: [] };
    slots.set(session, open);
    return open;
  }

  /** Slots outlive their letters until the next purge, so that a session that comes and goes costs no rows for it. */
  #closeAnEmptyOne(slots: Map<string, Slot>): boolean {
    for (const [session, slot] of slots) {
      if (slot.messages > 0) continue;
      this.#rows.closeSlot(slot.slot);
      return slots.delete(session);
    }
    return false;
  }

  #writeGroup(slot: Slot, letters: readonly Packed[]): void {
    const [first] = letters;
    if (first !== undefined && letters.length === 1 && first.bytes.length > SMALL_BYTES) {
      slot.next = this.#rows.insertLarge(slot.next, first);
      slot.open = undefined;
      return;
    }
    const size = letters.reduce((sum, { bytes }) => sum + packedSize(bytes), 0);
    if (slot.open !== undefined && slot.open.size + size <= APPEND_BYTES) {
      this.#rows.lengthen(slot.open.key, letters);
      slot.open.size += size;
      return;
    }
    this.#rows.insertPack(slot.next, letters);
    slot.open = { key: slot.next, size };
    slot.next += 1;
  }
}

function messagesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { messages }) => sum + messages, 0);
}

function bytesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Absent and '' are two sessions. */
function sessionKey(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${sid}`;
}

/** Letters in order, in groups that each become a row: a large one alone, small ones together. */
function groupLetters(letters: readonly Packed[]): Packed[][] {
  const groups: Packed[][] = [];
  // No room: the next letter begins a group.
  let room = 0;
  for (const letter of letters) {
    const size = packedSize(letter.bytes);
    const isSmall = letter.bytes.length <= SMALL_BYTES;
    const joins = isSmall && size <= room;
    if (joins) groups.at(-1)?.push(letter);
    else groups.push([letter]);
    room = isSmall ? (joins ? room : PACK_BYTES) - size : 0;
  }
  return groups;
}

/** Reads rows until a page is full; what has expired stands in it only as a number. */
function pageOf(rows: Iterable<Row>, now: number): Page | undefined {
  const letters: Uint8Array[] = [];
  let [expired, messages, bytes, key] = [0, 0, 0, 0];
  for (const row of rows) {
    for (const letter of row.letters) {
      messages += 1;
      bytes += letter.bytes.length;
      if (letter.expiresAt > now) letters.push(letter.bytes);
      else expired += 1;
    }
    key = row.key;
    if (bytes >= PAGE_BYTES) break;
  }
  return key === 0 ? undefined : { letters, expired, end: { key, messages, bytes } };
}
