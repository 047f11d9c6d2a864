import type { Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import { Flights } from './flights.ts';
import type { TwinRecord } from './kv-record.ts';
import { Lru } from './lru.ts';
import { Strangers } from './strangers.ts';

/** Known and unknown twins have each their own room: a stranger who asks for made-up ids drives out no known twin. */
const MOST = 10_000;
/** A known twin is served from memory for so long, then KV is asked for a newer record (ms). */
const KNOWN_MS = 60_000;
/** A twin may be created at any time and wants to connect at once: seconds only. */
const UNKNOWN_MS = 5_000;
/** Once no node answered, who has an old record is served that at once, and one caller tries again after this (ms). */
const RETRY_MS = 5_000;

interface Held {
  readonly record: TwinRecord;
  readonly until: number;
  readonly epoch: number;
}

/** What an isolate remembers between requests. May vanish at any time; holds data only, no request's I/O. */
export class ResolverMemory {
  readonly flights = new Flights<Result<Twin | undefined, string>>();
  readonly strangers = new Strangers();
  readonly #known = new Lru<Held>(MOST);
  readonly #unknown = new Lru<number>(MOST);
  readonly #refreshed = new Lru<number>(MOST);
  #generation: { readonly value: string; readonly until: number } = { value: '', until: 0 };
  #chainDownUntil = 0;
  #epoch = 0;

  /** Known twins. */
  get size(): number {
    return this.#known.size;
  }

  /** The record to be served without asking anybody. Times here and below: Unix ms. */
  fresh(id: number, now: number): TwinRecord | undefined {
    const held = this.#known.get(id);
    return held !== undefined && now < held.until && held.epoch === this.#epoch ? held.record : undefined;
  }

  /** The last record that was remembered, however long ago. */
  last(id: number): TwinRecord | undefined {
    return this.#known.get(id)?.record;
  }

  /** Whether something newer is known than what was read at `readAt`: what is old must not take its place. */
  isOvertaken(id: number, readAt: number): boolean {
    return readAt < (this.#refreshed.get(id) ?? 0);
  }

  /** The chain watcher has read this twin: of what others began to read before, nothing counts any more. */
  rememberRefresh(id: number, now: number): void {
    this.#refreshed.set(id, now);
  }

  remember(record: TwinRecord, now: number): void {
    this.#unknown.delete(record.twin.id);
    this.strangers.exists(record.twin.id);
    this.#known.set(record.twin.id, { record, until: now + KNOWN_MS, epoch: this.#epoch });
  }

  /** All that is known must be looked at again; while the chain is out of reach it still serves. */
  forgetKnown(): void {
    this.#epoch += 1;
  }

  rememberUnknown(id: number, now: number): void {
    this.#known.delete(id);
    this.#unknown.set(id, now + UNKNOWN_MS);
    this.strangers.saw();
  }

  isUnknown(id: number, now: number): boolean {
    return now < (this.#unknown.get(id) ?? 0);
  }

  /** The generation last seen, and whether KV should be asked for it again. */
  generation(now: number): { readonly value: string; readonly old: boolean } {
    return { value: this.#generation.value, old: now >= this.#generation.until };
  }

  rememberGeneration(value: string, now: number): void {
    this.#generation = { value, until: now + KNOWN_MS };
  }

  chainAnswered(): void {
    this.#chainDownUntil = 0;
  }

  chainFailed(now: number): void {
    this.#chainDownUntil = now + RETRY_MS;
  }

  /**
   * Whether somebody who could do without should ask the chain. While it is out of reach, true for one caller every
   * 5 s: the others must not wait out its time-out.
   */
  mayTryChain(now: number): boolean {
    if (now < this.#chainDownUntil) return false;
    if (this.#chainDownUntil > 0) this.chainFailed(now);
    return true;
  }
}
