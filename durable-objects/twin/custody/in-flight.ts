import type { Window } from '../../../proto/custody/acceptance.ts';
import type { Receipt } from '../../../proto/custody/receipts.ts';
import { Unacknowledged } from '../../../proto/custody/unacknowledged.ts';
import type { Origin } from '../../contract.ts';

// What a custody session was given and has not acknowledged. Pure: no I/O, times in Unix ms.

/** A client shows itself every 2 s. After this long without a sign of life it is lost. */
const SILENCE_MS = 5_000;
/** A session that acknowledges nothing for this long is closed. */
const PATIENCE_MS = 60_000;

/** An envelope for a custody session. */
export interface Given {
  readonly bytes: Uint8Array;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** The custody session that sent it; absent: nobody waits for a receipt. */
  readonly origin?: Origin | undefined;
}

/** An envelope in flight, and the page of the mailbox that has it; without a page only memory has it. */
interface Item<G, P> {
  readonly bytes: Uint8Array;
  readonly given: G;
  page: Page<P> | undefined;
}

/** A page of the mailbox, and how many of its envelopes have no receipt. */
interface Page<P> {
  readonly page: P;
  open: number;
}

/** What receipts of a session settle. */
export interface Acknowledged<G, P> {
  readonly envelopes: number;
  /** Those that only memory had, oldest first: their origins get their receipts. */
  readonly given: readonly G[];
  /** Pages that the mailbox need not keep any longer. */
  readonly pages: readonly P[];
}

/** Whether a session is still there. `silent`: no sign of life. `stuck`: it lives, and acknowledges nothing. */
export type Look =
  | { readonly kind: 'idle' }
  | { readonly kind: 'fine'; readonly until: number }
  | { readonly kind: 'lost'; readonly why: 'silent' | 'stuck' };

/**
 * The envelopes that one custody session was given and has not acknowledged, in order. Some are in the mailbox as well:
 * those come first, because nothing newer is stored before what only memory has.
 */
export class InFlight<G extends Given = Given, P extends object = object> {
  readonly #window: Window;
  readonly #open: Unacknowledged<Item<G, P>>;
  /** Oldest first. */
  readonly #pages: Page<P>[] = [];
  /** What only memory has, oldest first. */
  readonly #unstored = new Set<Item<G, P>>();
  #heardAt = 0;
  #openedAt = 0;
  /** Since when something is open without one receipt. */
  #waitsSince = 0;

  constructor(window: Window) {
    this.#window = window;
    this.#open = new Unacknowledged(window);
  }

  /** The sequence of the next envelope; undefined when the connection has used up all of them. */
  get next(): number | undefined {
    return this.#open.next;
  }

  /** Number of envelopes without a receipt. */
  get size(): number {
    return this.#open.size;
  }

  /** Bytes of envelopes without a receipt. */
  get bytes(): number {
    return this.#open.bytes;
  }

  /** How many more envelopes the window takes. */
  get room(): number {
    return Math.max(0, this.#window.messages - this.#open.size);
  }

  /** Returns whether so much more fits the window. Anything fits an empty one. */
  fits(envelopes: number, bytes: number): boolean {
    if (this.#open.next === undefined) return false;
    if (this.#open.size === 0) return true;
    return envelopes <= this.room && this.#open.bytes + bytes <= this.#window.bytes;
  }

  /** Adds an envelope that the session is given now. Returns its sequence. */
  give(given: G, now: number): number {
    const item = { bytes: given.bytes, given, page: undefined };
    this.#unstored.add(item);
    return this.#add(item, now);
  }

  /** Adds a page of the mailbox that the session is given now. Returns the sequences of its envelopes. */
  givePage(page: P, envelopes: readonly G[], now: number): number[] {
    const entry = { page, open: envelopes.length };
    this.#pages.push(entry);
    return envelopes.map((given) => this.#add({ bytes: given.bytes, given, page: entry }, now));
  }

  /** Notes a sign of life. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** Takes receipts of the session. Whatever outcome they name, it has the envelopes. */
  receive(receipts: readonly Receipt[], now: number): Acknowledged<G, P> {
    const items = receipts.flatMap((receipt) => this.#open.receive(receipt).map(({ item }) => item));
    if (items.length > 0) this.#waitsSince = now;
    const given: G[] = [];
    for (const item of items) {
      if (item.page !== undefined) item.page.open -= 1;
      else if (this.#unstored.delete(item)) given.push(item.given);
    }
    return { envelopes: items.length, given, pages: this.#takeDone() };
  }

  /** Returns what only memory has, oldest first. It stays in flight. */
  unstored(): G[] {
    return [...this.#unstored].map(({ given }) => given);
  }

  /** Notes that the mailbox has the oldest `count` of `unstored` now, in this page. They stay in flight. */
  stored(count: number, page: P): void {
    const entry = { page, open: count };
    this.#pages.push(entry);
    for (const item of [...this.#unstored].slice(0, count)) {
      item.page = entry;
      this.#unstored.delete(item);
    }
  }

  /** Returns whether something waits so long for its receipt that the session may be lost. */
  isOverdue(now: number): boolean {
    return this.#open.size > 0 && now - this.#waitsSince >= SILENCE_MS;
  }

  /** Returns whether the session is still there. @param answeredAt when the platform last answered its keep-alive */
  look(now: number, answeredAt: number): Look {
    if (this.#open.size === 0) return { kind: 'idle' };
    // Before something waits, nobody asks whether the client lives.
    const alive = Math.max(this.#heardAt, answeredAt, this.#openedAt) + SILENCE_MS;
    const patience = this.#waitsSince + PATIENCE_MS;
    if (now >= patience) return { kind: 'lost', why: 'stuck' };
    if (now >= alive) return { kind: 'lost', why: 'silent' };
    return { kind: 'fine', until: Math.min(alive, patience) };
  }

  /** Ends the session. Returns what only memory has, oldest first: it belongs into the mailbox. */
  end(): G[] {
    const given = this.unstored();
    this.#open.takeAll();
    this.#unstored.clear();
    this.#pages.length = 0;
    return given;
  }

  #add(item: Item<G, P>, now: number): number {
    if (this.#open.size === 0) {
      this.#openedAt = now;
      this.#waitsSince = now;
    }
    return this.#open.add(item);
  }

  /** Takes the oldest pages whose envelopes all have receipts: a mailbox is removed from its start. */
  #takeDone(): P[] {
    const open = this.#pages.findIndex((page) => page.open > 0);
    return this.#pages.splice(0, open < 0 ? this.#pages.length : open).map(({ page }) => page);
  }
}
