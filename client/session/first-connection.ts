import { RmbError } from '../errors.ts';
import { maskUrl } from '../mask.ts';
import type { PartState } from '../ports.ts';

/** A relay is tried twice: its first refusal may tell the time, and then the second token is right. */
const TRIES = 2;

/** Watches relays until the first one is connected, and knows the state of each from then on. */
export class FirstConnection {
  /** Resolves when one relay is connected. Throws an `RmbError` when every relay has failed twice, or time is over. */
  readonly up: Promise<void>;
  readonly #urls: readonly URL[];
  readonly #states: Map<string, PartState>;
  readonly #faults = new Map<string, string[]>();
  readonly #resolve: () => void;
  readonly #reject: (error: RmbError) => void;

  /** @param ms limit for all relays */
  constructor(urls: readonly URL[], ms: number, signal?: AbortSignal) {
    this.#urls = urls;
    this.#states = new Map(urls.map(({ host }) => [host, { isUp: false, detail: 'connecting' }]));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    this.#reject = reject;
    const timer = setTimeout(() => reject(this.#failure(`silent for ${ms / 1000} s`)), ms);
    const abort = () => reject(new RmbError('aborted', 'connecting was aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', abort);
    this.up = promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
    // Nobody may wait for it any more.
    this.up.catch(() => undefined);
  }

  get states(): ReadonlyMap<string, PartState> {
    return new Map(this.#states);
  }

  /** A relay reports its state. */
  set(relay: string, state: PartState): void {
    this.#states.set(relay, state);
    if (state.isUp) {
      this.#resolve();
      return;
    }
    const faults = this.#faults.get(relay) ?? [];
    this.#faults.set(relay, [...faults.slice(1 - TRIES), state.detail]);
    const areAllDown = this.#urls.every(({ host }) => (this.#faults.get(host)?.length ?? 0) >= TRIES);
    if (areAllDown) this.#reject(this.#failure(''));
  }

  #failure(silent: string): RmbError {
    const each = this.#urls.map(({ href, host }) => `${maskUrl(href)}: ${this.#faults.get(host)?.at(-1) ?? silent}`);
    const [only, ...others] = this.#urls;
    const relay = others.length === 0 ? only?.host : undefined;
    return new RmbError('relay', `no relay can be used: ${each.join('; ')}`, { relay });
  }
}
