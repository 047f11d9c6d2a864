import type { Sql } from '../storage/sql.ts';
import { bytesIn, groupByRecord, messagesIn, type Page, type PageEnd, pageOf, SMALL_BYTES } from './mailbox-pages.ts';
import { type StoredEnvelope, storedSize } from './mailbox-record.ts';
import { MailboxRecords } from './mailbox-records.ts';
import { isOpenToAll, type MailboxLimits, Shares } from './mailbox-shares.ts';

/** A record grows up to this size. SQLite writes the whole row each time. */
const APPEND_BYTES = 32 * 1024;
/** A sender may name any sid. Without a limit it could fill an object with sids that no session has. */
const MAX_SLOTS = 1024;

/** A session's slot: counted once after waking, then kept in memory. */
interface Slot {
  readonly slot: number;
  /** The key of the next row. */
  next: number;
  messages: number;
  bytes: number;
  /** The newest record, as long as further envelopes may join it. */
  open: { readonly key: number; size: number } | undefined;
  /** Stored envelopes that are not in the database yet. */
  unwritten: StoredEnvelope[];
  /** Pages that the session's socket was given, and that it may have to get again. */
  handed: readonly PageEnd[];
  /** Envelopes that have left the slot since it was loaded. */
  removed: number;
}

/** The place of a stored envelope. */
export interface Place {
  readonly slot: Slot;
  readonly number: number;
}

/**
 * Stored envelopes for sessions, in order, in the receiving twin's SQLite. An envelope leaves in two steps: `hand` when a
 * socket was given it, which only memory knows, and `settle`, which removes it. An object that dies in between hands it
 * out again.
 */
export class Mailbox {
  readonly #records: MailboxRecords;
  readonly #limits: MailboxLimits;
  #slots: Map<string, Slot> | undefined;
  readonly #shares = new Shares();

  constructor(sql: Sql, limits: MailboxLimits) {
    this.#records = new MailboxRecords(sql);
    this.#limits = limits;
  }

  /** Returns whether no envelope waits for this session: all are handed out. */
  isEmpty(sid: string | undefined): boolean {
    const slot = this.#load().get(sessionKey(sid));
    return slot === undefined || slot.messages === messagesIn(slot.handed);
  }

  /** Returns the sessions for which envelopes wait, and how many. */
  sessions(): { readonly sid: string | undefined; readonly messages: number }[] {
    return [...this.#load()].flatMap(([session, slot]) => {
      const messages = slot.messages - messagesIn(slot.handed);
      return messages === 0 ? [] : [{ sid: sidOf(session), messages }];
    });
  }

  /** Returns how much waits for all sessions together. */
  waiting(): { readonly messages: number; readonly bytes: number } {
    let [messages, bytes] = [0, 0];
    for (const slot of this.#load().values()) {
      messages += slot.messages - messagesIn(slot.handed);
      bytes += slot.bytes - bytesIn(slot.handed);
    }
    return { messages, bytes };
  }

  /**
   * Appends an envelope that expires at `expiresAt` (Unix seconds). `full`: the mailbox has no room. `share`: its source
   * has used its share. The envelope is in the database after `write`.
   */
  store(sid: string | undefined, bytes: Uint8Array, expiresAt: number): 'stored' | 'full' | 'share' {
    const total = this.#total();
    const [messages, size] = [total.messages + 1, total.bytes + bytes.length];
    const { maxMessages, maxBytes } = this.#limits;
    if (messages > maxMessages || size > maxBytes) return 'full';
    if (!isOpenToAll(messages, size, this.#limits)) {
      if (!this.#shares.admits(bytes, this.#limits, () => this.#envelopes())) return 'share';
    }
    const open = this.#load().get(sessionKey(sid)) ?? this.#open(sessionKey(sid));
    if (open === undefined) return 'full';
    open.unwritten.push({ expiresAt, bytes });
    open.messages += 1;
    open.bytes += bytes.length;
    this.#shares.add(bytes);
    return 'stored';
  }

  /** Returns the place of the envelope that was stored last for a session. */
  lastPlace(sid: string | undefined): Place | undefined {
    const slot = this.#load().get(sessionKey(sid));
    return slot && { slot, number: slot.removed + slot.messages };
  }

  /** Returns whether an envelope is still at its place. False once the mailbox was counted again. */
  holds({ slot, number }: Place): boolean {
    return number > slot.removed && [...this.#load().values()].includes(slot);
  }

  /** Writes stored envelopes to the database. @throws when the database is full */
  write(): void {
    try {
      for (const slot of this.#load().values()) this.#writeSlot(slot);
    } catch (error) {
      // The rows in the database are right, whatever memory holds.
      this.#forget();
      throw error;
    }
  }

  #writeSlot(slot: Slot): void {
    const envelopes = slot.unwritten;
    if (envelopes.length === 0) return;
    slot.unwritten = [];
    for (const group of groupByRecord(envelopes)) this.#writeGroup(slot, group);
  }

  /**
   * Returns the next envelopes of a session that are not handed out, oldest first, about 1 MiB.
   * @param now Unix seconds
   * @param most envelopes, but at least one record
   */
  page(sid: string | undefined, now: number, most?: number): Page | undefined {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined || slot.messages === messagesIn(slot.handed)) return undefined;
    return pageOf(this.#records.after(slot.slot, slot.handed.at(-1)?.key ?? 0), now, most);
  }

  /** Notes that a socket was given this page. */
  hand(sid: string | undefined, { end }: Page): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return;
    slot.handed = [...slot.handed, end];
    // An envelope that joins this record now would count as handed out.
    slot.open = undefined;
  }

  /**
   * Notes that a socket has everything that is stored and written, as one page. It was given it before it was stored.
   * Returns the end of the page; undefined when nothing is left to hand out.
   */
  handRest(sid: string | undefined): PageEnd | undefined {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return undefined;
    const messages = slot.messages - messagesIn(slot.handed);
    if (messages === 0) return undefined;
    const end = { key: slot.next - 1, messages, bytes: slot.bytes - bytesIn(slot.handed) };
    slot.handed = [...slot.handed, end];
    slot.open = undefined;
    return end;
  }

  /**
   * Removes what was handed out, because it has arrived.
   * @param pages only up to the last of these that was not recalled; absent: all
   */
  settle(sid: string | undefined, pages?: readonly PageEnd[]): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot === undefined) return;
    const through = pages === undefined ? undefined : slot.handed.findLastIndex((page) => pages.includes(page)) + 1;
    const settled = slot.handed.slice(0, through);
    const last = settled.at(-1);
    if (last === undefined) return;
    this.#records.removeThrough(slot.slot, last.key);
    slot.messages -= messagesIn(settled);
    slot.removed += messagesIn(settled);
    this.#shares.forget();
    slot.bytes -= bytesIn(settled);
    slot.handed = slot.handed.filter((page) => !settled.includes(page));
  }

  /** Takes back what was handed out, because it may not have arrived. */
  recall(sid: string | undefined): void {
    const slot = this.#load().get(sessionKey(sid));
    if (slot !== undefined) slot.handed = [];
  }

  /**
   * Removes what expired at `now` (Unix seconds). Returns how many envelopes, and the earliest expiry left. Removes nothing
   * while pages are handed out, whose outcome is known in a moment.
   */
  purge(now: number): { readonly expired: number; readonly next: number | undefined } {
    if ([...this.#load().values()].some((slot) => slot.handed.length > 0)) return { expired: 0, next: now + 1 };
    const purged = this.#records.purge(now);
    this.#forget();
    return purged;
  }

  #forget(): void {
    this.#slots = undefined;
    this.#shares.forget();
  }

  *#envelopes(): Iterable<Uint8Array> {
    for (const { slot, unwritten } of this.#load().values()) {
      for (const { bytes } of this.#records.envelopes(slot)) yield bytes;
      for (const { bytes } of unwritten) yield bytes;
    }
  }

  #total(): { readonly messages: number; readonly bytes: number } {
    let [messages, bytes] = [0, 0];
    for (const slot of this.#load().values()) {
      messages += slot.messages;
      bytes += slot.bytes;
    }
    return { messages, bytes };
  }

  #load(): Map<string, Slot> {
    if (this.#slots !== undefined) return this.#slots;
    this.#slots = new Map();
    for (const { session, ...counted } of this.#records.slots()) {
      this.#slots.set(session, { ...counted, ...freshSlot() });
    }
    return this.#slots;
  }

  #open(session: string): Slot | undefined {
    const slots = this.#load();
    // The session without a sid, which every peer has, always has room.
    const isNamed = session !== sessionKey(undefined);
    if (isNamed && slots.size >= MAX_SLOTS && !this.#closeEmptySlot(slots)) return undefined;
    const taken = new Set([...slots.values()].map((each) => each.slot));
    let slot = 1;
    while (taken.has(slot)) slot += 1;
    const next = this.#records.openSlot(slot, session);
    const open = { slot, next, messages: 0, bytes: 0, ...freshSlot() };
    slots.set(session, open);
    return open;
  }

  /** Closes an empty slot. Slots stay until the next purge, so that a session that comes and goes costs no rows. */
  #closeEmptySlot(slots: Map<string, Slot>): boolean {
    for (const [session, slot] of slots) {
      if (slot.messages > 0) continue;
      this.#records.closeSlot(slot.slot);
      return slots.delete(session);
    }
    return false;
  }

  #writeGroup(slot: Slot, envelopes: readonly StoredEnvelope[]): void {
    const [first] = envelopes;
    if (first !== undefined && envelopes.length === 1 && first.bytes.length > SMALL_BYTES) {
      slot.next = this.#records.insertLarge(slot.next, first);
      slot.open = undefined;
      return;
    }
    const size = envelopes.reduce((sum, { bytes }) => sum + storedSize(bytes), 0);
    if (slot.open !== undefined && slot.open.size + size <= APPEND_BYTES) {
      this.#records.append(slot.open.key, envelopes);
      slot.open.size += size;
      return;
    }
    this.#records.insertSmall(slot.next, envelopes);
    slot.open = { key: slot.next, size };
    slot.next += 1;
  }
}

/** Returns the part of a slot that only memory has. */
function freshSlot(): Pick<Slot, 'open' | 'unwritten' | 'handed' | 'removed'> {
  return { open: undefined, unwritten: [], handed: [], removed: 0 };
}

/** An absent sid and '' are two sessions. */
function sessionKey(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${sid}`;
}

/** Returns the sid of a `sessionKey`. */
function sidOf(key: string): string | undefined {
  return key.startsWith('s') ? key.slice(1) : undefined;
}
