import type { PartState } from '../../client/ports.ts';
import type { PeerState } from './state.ts';

const UNKNOWN: PartState = { isUp: false, detail: 'not connected yet' };

/** Collects the states of a peer's parts. */
export class Health {
  readonly #listeners = new Set<() => void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #relays: Map<string, PartState>;
  readonly #skew: () => number | undefined;
  #redis = UNKNOWN;
  #chain = UNKNOWN;
  #onChain: PartState | undefined;
  #twin: number | undefined;
  #isStopping = false;

  /** @param relays host[:port] of each, in the order given */
  constructor(relays: readonly string[], skew: () => number | undefined) {
    this.#relays = new Map(relays.map((relay) => [relay, { isUp: false, detail: 'own twin id is not known yet' }]));
    this.#skew = skew;
    // Without a listener, the rejection would end the process.
    this.#ready.promise.catch(() => undefined);
  }

  /** Resolves the first time that Redis and one relay are up. Rejects when Redis can never be used. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  state(): PeerState {
    return {
      twin: this.#twin,
      redis: this.#redis,
      chain: this.#chain,
      onChain: this.#onChain,
      relays: new Map(this.#relays),
      clockSkew: this.#skew(),
      isStopping: this.#isStopping,
    };
  }

  /** Calls back after each change. Returns a function that ends this. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  redis(state: PartState): void {
    this.#redis = state;
    this.#changed();
  }

  /** A part that the peer needs can never be used as it is. @param reason for people, with what to do */
  unusable(reason: string): void {
    this.#ready.reject(new Error(reason));
  }

  chain(state: PartState): void {
    this.#chain = state;
    this.#changed();
  }

  onChain(state: PartState): void {
    this.#onChain = state;
    this.#changed();
  }

  relay(relay: string, state: PartState): void {
    this.#relays.set(relay, state);
    this.#changed();
  }

  twin(id: number): void {
    this.#twin = id;
    this.#changed();
  }

  stopping(): void {
    this.#isStopping = true;
    this.#changed();
  }

  #changed(): void {
    if (this.#redis.isUp && [...this.#relays.values()].some(({ isUp }) => isUp)) this.#ready.resolve();
    for (const listener of [...this.#listeners]) listener();
  }
}
