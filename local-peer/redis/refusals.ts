import type { Refusal } from './refusal.ts';

/** A failover or a short script is over by then: shorter refusals are not worth an alarm. */
export const GRACE_MS = 5_000;
/** Refused work is tried again several times a second. Work that was not refused for as long waits in Redis, accepted. */
export const FRESH_MS = 2_000;

interface Refused {
  readonly work: string;
  readonly refusal: Refusal;
  /** Time of the first refusal, ms on a steady clock. */
  readonly since: number;
  /** Time of the last one. */
  readonly last: number;
}

/** What Redis refuses at the moment, worth telling an operator. */
export interface Told {
  /** What is refused, why, and what to do: one sentence for each of Redis' codes. */
  readonly detail: string;
  /** It is still refused, and a new connection may end it. */
  readonly isDialledAgain: boolean;
}

/** Remembers which work Redis refuses, until it succeeds. Knows no clock and no connection. */
export class Refusals {
  readonly #refused = new Map<unknown, Refused>();

  /** Notes a refusal. @param key of the work @param work as an operator knows it @param now ms on a steady clock @param since when it was asked for */
  add(key: unknown, work: string, refusal: Refusal, now: number, since = now): void {
    // A failover says READONLY, then LOADING, then READONLY: it is one trouble.
    const before = this.#refused.get(key);
    this.#refused.set(key, { work, refusal, since: before?.since ?? since, last: now });
  }

  /** The work succeeded, or nobody tries it any more. Returns whether it was refused before. */
  delete(key: unknown): boolean {
    return this.#refused.delete(key);
  }

  /** Redis has just taken our login: refusals for the lack of one are over, though nothing was tried again yet. */
  loggedIn(): void {
    for (const [key, { refusal }] of this.#refused) {
      if (refusal.fate === 'away' && refusal.isDialledAgain) this.#refused.delete(key);
    }
  }

  /** Returns what is worth telling; undefined when it is nothing. @param now ms on a steady clock */
  told(now: number): Told | undefined {
    const worth = [...this.#refused.values()].filter(
      ({ refusal, since }) => refusal.fate !== 'passing' || now - since >= GRACE_MS,
    );
    if (worth.length === 0) return undefined;
    const byCode = Map.groupBy(worth, ({ refusal }) => refusal.code);
    const sentences = [...byCode].map(([code, all]) => {
      const works = new Set(all.map(({ work }) => work));
      const meanings = new Set(all.map(({ refusal }) => `${refusal.reason}; ${refusal.remedy}`));
      return `${code} (${[...works].join(', ')}): ${[...meanings].join('; ')}`;
    });
    const isDialledAgain = worth.some(({ refusal, last }) => refusal.isDialledAgain && now - last < FRESH_MS);
    return { detail: sentences.join('. '), isDialledAgain };
  }
}
