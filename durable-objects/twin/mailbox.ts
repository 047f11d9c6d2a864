import { bytesIn, groupLetters, messagesIn, type Page, type PageEnd, pageOf, SMALL_BYTES } from './mailbox-pages.ts';
import { MailboxRows } from './mailbox-rows.ts';
import { isOpenToAll, Shares } from './mailbox-shares.ts';
import { type Packed, packedSize } from './pack.ts';
import type { Sql } from './sql.ts';

/** A row of letters is lengthened up to here; each time SQLite writes it anew. */
const APPEND_BYTES = 32 * 1024;
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
  /** Letters that have left the slot since it was loaded. */
  removed: number;
  readonly shares: Shares;
}

/** Where a letter lies. */
export interface Place {
  readonly slot: Slot;
  readonly number: number;
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
  /** Of all sessions together. */
  readonly #shares = new Shares();

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
   * Appends an envelope that expires at `expiresAt` (Unix seconds); `full` when a limit forbids it, `share` when its
   * source has had its part of the room. It is in the database after `write`.
   */
  store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): 'stored' | 'full' | 'share' {
    const slot = this.#load().get(sessionKey(sid));
    const [messages, size] = [slot?.messages ?? 0, slot?.bytes ?? 0];
    const { maxMessages, maxBytes } = this.#limits;
    if (messages >= maxMessages || size + bytes.length > maxBytes) return 'full';
    const all = { maxMessages: Number.POSITIVE_INFINITY, maxBytes: MOST_FULL_SLOTS * maxBytes };
    const total = this.#bytes() + bytes.length;
    if (total > all.maxBytes) return 'full';
    if (slot !== undefined && !isOpenToAll(messages + 1, size + bytes.length, this.#limits)) {
      if (!slot.shares.admits(bytes, this.#limits, () => this.#lettersOf(slot))) return 'share';
    }
    if (!isOpenToAll(0, total, all) && !this.#shares.admits(bytes, all, () => this.#letters())) return 'share';
    const open = slot ?? this.#open(sessionKey(sid));
    if (open === undefined) return 'full';
    open.unwritten.push({ expiresAt, bytes });
    open.messages += 1;
    open.bytes += bytes.length;
    open.shares.add(bytes);
    this.#shares.add(bytes);
    return 'stored';
  }

  /** Where the letter lies that was stored last for a session. */
  lastPlace(sid: string | undefined): Place | undefined {
    const slot = this.#load().get(sessionKey(sid));
    return slot && { slot, number: slot.removed + slot.messages };
  }

  /** Whether a letter still lies there; no once the box was counted anew since. */
  lies({ slot, number }: Place): boolean {
    return number > slot.removed && [...this.#load().values()].includes(slot);
  }

  /** Writes what was stored: small letters share rows. @throws when the database takes no more */
  write(): void {
    try {
      this.#writeAll();
    } catch (error) {
      // What counts is what stands there.
      this.#forget();
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
    slot.removed += messagesIn(settled);
    slot.shares.forget();
    this.#shares.forget();
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
    this.#forget();
    return purged;
  }

  #forget(): void {
    this.#slots = undefined;
    this.#shares.forget();
  }

  *#letters(): Iterable<Uint8Array> {
    for (const slot of this.#load().values()) yield* this.#lettersOf(slot);
  }

  *#lettersOf({ slot, unwritten }: Slot): Iterable<Uint8Array> {
    for (const { bytes } of this.#rows.letters(slot)) yield bytes;
    for (const { bytes } of unwritten) yield bytes;
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
      this.#slots.set(session, { ...counted, ...freshSlot() });
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
    const open = { slot, next, messages: 0, bytes: 0, ...freshSlot() };
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

/** What memory alone knows of a slot. */
function freshSlot(): Pick<Slot, 'open' | 'unwritten' | 'handed' | 'removed' | 'shares'> {
  return { open: undefined, unwritten: [], handed: [], removed: 0, shares: new Shares() };
}

/** Absent and '' are two sessions. */
function sessionKey(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${sid}`;
}
