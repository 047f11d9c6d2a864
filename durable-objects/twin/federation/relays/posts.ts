import { batchedBytes, fitsBatch } from '../../../../proto/batch/relay-batch.ts';
import type { IfAway } from '../../../contract.ts';
import type { Answer } from './outcome.ts';
import { Slots } from './slots.ts';

/** An envelope that goes to another relay. */
export interface Posting {
  readonly bytes: Uint8Array;
  readonly ifAway: IfAway;
  /** This relay's own domain, as the sender of the envelope knows it. */
  readonly via: string;
  /** Returns whether it still has to go. Called when a request may be made: after a long wait the answer may be no. */
  isWanted(): boolean;
  /** Notes whether a request that carries it is in flight. */
  inFlight(isIt: boolean): void;
}

/** The port of the posts. */
export interface PostsPort {
  /** Resolves once the events that have already arrived are handled. */
  gather(): Promise<void>;
  /** Returns the most envelopes that a request to this relay may carry; 1 if it takes no batches. */
  most(domain: string): number;
  /** POSTs one envelope. Resolves with undefined when no answer came; never rejects. */
  post(domain: string, posting: Posting): Promise<Answer | undefined>;
  /** POSTs several. Resolves with `refused` when none of them was delivered; never rejects. */
  postBatch(domain: string, postings: readonly Posting[]): Promise<readonly Answer[] | 'refused' | undefined>;
}

interface Waiting {
  readonly posting: Posting;
  readonly answered: (answer: Answer | 'unsent' | undefined) => void;
}

/**
 * The requests of one object to other relays. Envelopes that wait for a request to the same relay share it, whatever
 * their twins are, if the relay takes batches.
 */
export class Posts {
  readonly #port: PostsPort;
  readonly #slots = new Slots();
  /** Envelopes that wait, by relay. For each of them one call of `#serve` waits for a slot as well. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(port: PostsPort) {
    this.#port = port;
  }

  /**
   * Sends an envelope to a relay when its turn comes. Resolves with the answer; with `unsent` if it was not wanted any
   * more; with undefined if no answer came. Never rejects.
   */
  send(domain: string, posting: Posting): Promise<Answer | 'unsent' | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | 'unsent' | undefined>();
    const waiting = this.#waiting.get(domain) ?? [];
    this.#waiting.set(domain, waiting);
    waiting.push({ posting, answered: resolve });
    this.#enter(domain);
    return promise;
  }

  #enter(domain: string): void {
    void this.#slots.run(domain, () => this.#serve(domain));
  }

  /** Makes one request for the oldest envelopes of a relay. Does nothing if earlier requests took them all. */
  async #serve(domain: string): Promise<void> {
    if (this.#waiting.has(domain) && this.#port.most(domain) > 1) await this.#port.gather();
    const taken = this.#take(domain);
    const [first] = taken;
    if (first === undefined) return;
    for (const { posting } of taken) posting.inFlight(true);
    const answers = await this.#request(domain, first, taken);
    for (const { posting } of taken) posting.inFlight(false);
    if (answers !== 'refused') {
      for (const [n, { answered }] of taken.entries()) answered(answers?.[n]);
      return;
    }
    // Each goes alone now, before those that came after it.
    this.#waiting.set(domain, [...taken, ...(this.#waiting.get(domain) ?? [])]);
    for (const _ of taken) this.#enter(domain);
  }

  async #request(
    domain: string,
    first: Waiting,
    taken: readonly Waiting[],
  ): Promise<readonly (Answer | undefined)[] | 'refused' | undefined> {
    if (taken.length === 1) return [await this.#port.post(domain, first.posting)];
    return await this.#port.postBatch(
      domain,
      taken.map(({ posting }) => posting),
    );
  }

  /** Takes the oldest envelopes of a relay that fit in one request. */
  #take(domain: string): readonly Waiting[] {
    const waiting = this.#waiting.get(domain) ?? [];
    const most = this.#port.most(domain);
    const taken: Waiting[] = [];
    let bytes = 0;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const { posting, answered } = next;
      const more = batchedBytes(posting.bytes);
      const fits = taken.length < most && fitsBatch(taken.length, bytes, more) && posting.via === taken[0]?.posting.via;
      if (posting.isWanted() && taken.length > 0 && !fits) break;
      waiting.shift();
      if (!posting.isWanted()) answered('unsent');
      else {
        taken.push(next);
        bytes += more;
      }
    }
    if (waiting.length === 0) this.#waiting.delete(domain);
    return taken;
  }
}
