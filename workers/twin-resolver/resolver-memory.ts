import type { Twin } from '../../proto/twin.ts';
import { Dials } from './dials.ts';
import type { TwinRecord } from './kv-record.ts';
import { Lru } from './lru.ts';
import { Strangers } from './strangers.ts';

/** Known and unknown twins are separate: a stranger who asks for made-up ids evicts no known twin. */
export const MOST_TWINS = 10_000;
/** A known twin is served from memory for this long. Then KV is read for a newer record. */
const KNOWN_MS = 60_000;
/** Only seconds, because a new twin connects right after its creation. */
const UNKNOWN_MS = 5_000;
/** After no node answered, old records are served at once, and one caller in this time tries again. */
const RETRY_MS = 5_000;

interface Held {
  readonly record: TwinRecord;
  readonly until: number;
  readonly epoch: number;
}

/** The memory of an isolate. May vanish at any time; holds only data, no I/O of a request. */
export class ResolverMemory {
  readonly dials = new Dials<Twin | undefined, TwinRecord>();
  readonly strangers = new Strangers();
  readonly #known = new Lru<Held>(MOST_TWINS);
  readonly #unknown = new Lru<number>(MOST_TWINS);
  readonly #refreshed = new Lru<number>(MOST_TWINS);
  #generation: { readonly value: string; readonly until: number } = { value: '', until: 0 };
  #chainDownUntil = 0;
  #epoch = 0;
  readonly #random: () => number;

  /** @param random from 0 to 1, for times that must not end everywhere at once; absent: they end on the dot */
  constructor(random: () => number = () => 0) {
    this.#random = random;
  }

  /** Returns the number of known twins. */
  get size(): number {
    return this.#known.size;
  }

  /** Returns a record that is served without reading KV. Times here and below: Unix ms. */
  fresh(id: number, now: number): TwinRecord | undefined {
    const held = this.#known.get(id);
    return held !== undefined && now < held.until && held.epoch === this.#epoch ? held.record : undefined;
  }

  /** Returns the last remembered record, however old. */
  last(id: number): TwinRecord | undefined {
    return this.#known.get(id)?.record;
  }

  /** Returns whether the twin was refreshed after `readAt`: an older record must not replace the newer one. */
  isOvertaken(id: number, readAt: number): boolean {
    return readAt < (this.#refreshed.get(id) ?? 0);
  }

  /** Notes that the chain watcher refreshed a twin. Look-ups that started before are outdated. */
  rememberRefresh(id: number, now: number): void {
    this.#refreshed.set(id, now);
  }

  /** Remembers a known twin. */
  remember(record: TwinRecord, now: number): void {
    this.#unknown.delete(record.twin.id);
    this.strangers.exists(record.twin.id);
    this.#known.set(record.twin.id, { record, until: now + this.#spread(KNOWN_MS), epoch: this.#epoch });
  }

  /** Makes every known twin stale. While the chain is out of reach it still serves. */
  forgetKnown(): void {
    this.#epoch += 1;
  }

  /** Remembers that a twin does not exist. */
  rememberUnknown(id: number, now: number): void {
    this.#known.delete(id);
    this.#unknown.set(id, now + UNKNOWN_MS);
    this.strangers.saw();
  }

  /** Returns whether a twin did not exist a moment ago. */
  isUnknown(id: number, now: number): boolean {
    return now < (this.#unknown.get(id) ?? 0);
  }

  /** Returns the generation last seen, and whether KV must be read for it again. */
  generation(now: number): { readonly value: string; readonly old: boolean } {
    return { value: this.#generation.value, old: now >= this.#generation.until };
  }

  /** Remembers the current generation. */
  rememberGeneration(value: string, now: number): void {
    this.#generation = { value, until: now + this.#spread(KNOWN_MS) };
  }

  /** Notes that a node answered. */
  chainAnswered(): void {
    this.#chainDownUntil = 0;
  }

  /** Notes that no node answered. */
  chainFailed(now: number): void {
    this.#chainDownUntil = now + RETRY_MS;
  }

  /**
   * Returns whether a caller that has an old record asks the chain. While the chain is out of reach, one caller every 5 s
   * does: the others must not wait for its timeout.
   */
  mayTryChain(now: number): boolean {
    if (now < this.#chainDownUntil) return false;
    if (this.#chainDownUntil > 0) this.chainFailed(now);
    return true;
  }

  /** Returns a time of at most `ms`, and at least three quarters of it. */
  #spread(ms: number): number {
    return ms * (1 - this.#random() / 4);
  }
}
