import { MOST_BATCH_ENVELOPES } from '../../../../proto/batch/relay-batch.ts';

/** Hosts that are remembered. Any twin may name any host on chain. */
const MOST_HOSTS = 10_000;
/** What a relay said about batches holds for so long. It may be another relay by then. */
const REMEMBER_MS = 600_000;

interface Taker {
  /** The most envelopes of a batch; 1: it gets each envelope alone. */
  readonly most: number;
  /** Unix ms. */
  readonly until: number;
}

/**
 * Which relays take batches, and how large they may be. Belongs to an isolate; may vanish at any time: then the next
 * answer to an envelope alone tells again. Times in Unix ms.
 */
export class BatchTakers {
  readonly #takers = new Map<string, Taker>();

  /** Returns the most envelopes that a POST to this relay may carry. */
  most(domain: string, now: number): number {
    const taker = this.#takers.get(domain);
    return taker !== undefined && now < taker.until ? taker.most : 1;
  }

  /** The relay answered an envelope that came alone. @param takes whether it said that it takes batches */
  answered(domain: string, takes: boolean, now: number): void {
    if (!takes) this.#takers.delete(domain);
    else if (now >= (this.#takers.get(domain)?.until ?? 0)) this.#set(domain, MOST_BATCH_ENVELOPES, now);
  }

  /** The relay answered a batch. */
  took(domain: string, now: number): void {
    this.#set(domain, Math.min(this.most(domain, now) * 2, MOST_BATCH_ENVELOPES), now);
  }

  /**
   * No answer to a batch came, or one that says nothing about it. The next one has half as many envelopes, so that no
   * batch can fail for ever because of its size or of one envelope in it.
   */
  failed(domain: string, now: number): void {
    const most = this.most(domain, now);
    if (most > 1) this.#set(domain, Math.floor(most / 2), now);
  }

  /** The relay refused a batch, although it said that it takes them: it was rolled back, or another one has its name. */
  refused(domain: string, now: number): void {
    this.#set(domain, 1, now);
  }

  #set(domain: string, most: number, now: number): void {
    this.#takers.delete(domain);
    this.#takers.set(domain, { most, until: now + REMEMBER_MS });
    if (this.#takers.size <= MOST_HOSTS) return;
    for (const oldest of this.#takers.keys()) {
      this.#takers.delete(oldest);
      return;
    }
  }
}
