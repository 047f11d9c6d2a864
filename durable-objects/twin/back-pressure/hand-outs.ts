import { z } from 'zod';
import type { StoredValue } from '../storage/stored-value.ts';

/** A mailbox is handed out at full speed so often to a client that is not heard. */
const MOST_IN_VAIN = 3;
/** Sessions that are remembered. The oldest is forgotten first. */
const MOST_SESSIONS = 256;

/** How often each session's mailbox was handed out in vain, by the session's key. */
export const handOutsSchema = z.record(z.string(), z.number());
export type HandOutCounts = { readonly [session: string]: number };

/**
 * Mailboxes that were handed out in vain: until the socket may take no more, to a client that was not heard. The counts are
 * stored, because an object that died of such a mailbox must not hand it out at full speed for ever. A client that reads
 * costs no row.
 */
export class HandOuts {
  readonly #store: StoredValue<HandOutCounts>;
  #counts: Map<string, number> | undefined;

  constructor(store: StoredValue<HandOutCounts>) {
    this.#store = store;
  }

  /** Returns whether a session's mailbox was handed out in vain too often. */
  isSuspect(sid: string | undefined): boolean {
    return (this.#load().get(keyOf(sid)) ?? 0) >= MOST_IN_VAIN;
  }

  /** Notes that a session's mailbox was handed out in vain. */
  inVain(sid: string | undefined): void {
    const counts = this.#load();
    const times = (counts.get(keyOf(sid)) ?? 0) + 1;
    counts.delete(keyOf(sid));
    const [oldest] = counts.keys();
    if (oldest !== undefined && counts.size >= MOST_SESSIONS) counts.delete(oldest);
    counts.set(keyOf(sid), times);
    this.#write(counts);
  }

  /** Notes a sign of life from a session's client. */
  heard(sid: string | undefined): void {
    const counts = this.#load();
    if (counts.delete(keyOf(sid))) this.#write(counts);
  }

  #load(): Map<string, number> {
    this.#counts ??= new Map(Object.entries(this.#store.read() ?? {}));
    return this.#counts;
  }

  #write(counts: ReadonlyMap<string, number>): void {
    this.#store.write(counts.size === 0 ? undefined : Object.fromEntries(counts));
  }
}

/** An absent sid and '' are two sessions. */
function keyOf(sid: string | undefined): string {
  return sid === undefined ? 'n' : `s${sid}`;
}
