import type { Refusal } from './refusal.ts';

/** A failover or a short script is over by then: shorter refusals are not worth an alarm. */
export const GRACE_MS = 5_000;
/** Refused work is tried again several times a second. Work that was not refused for as long waits in Redis, accepted. */
export const FRESH_MS = 2_000;

/** Work that Redis refuses with one code. */
interface Refused {
  readonly work: string;
  readonly refusal: Refusal;
  /** Time of the first refusal, ms on a steady clock. */
  readonly since: number;
  /** Time of the newest one. */
  last: number;
  /** Number of current tries. */
  count: number;
}

/** A current refusal of Redis, for an operator. */
export interface ReportedRefusal {
  /** The refused work, the reason and what to do: one sentence for each of Redis' codes. */
  readonly detail: string;
  /** It is still refused, and a new connection may end it. */
  readonly isDialledAgain: boolean;
}

/** Remembers which work Redis refuses, until it succeeds. Knows no clock and no connection. */
export class Refusals {
  /** By work and code. */
  readonly #refused = new Map<string, Refused>();
  readonly #byKey = new Map<unknown, Refused>();

  /**
   * Notes a refusal. Returns whether it is news, not a further one of the same kind.
   * @param work as an operator knows it
   * @param key who tries it: thousands may try the same work at once
   * @param now ms on a steady clock
   * @param since when the work was asked for
   */
  add(work: string, key: unknown, refusal: Refusal, now: number, since = now): boolean {
    const before = this.#byKey.get(key);
    // A failover says READONLY, then LOADING, then READONLY: it is one trouble.
    const first = before?.since ?? since;
    const known = this.#refused.get(idOf(work, refusal));
    const refused = known ?? { work, refusal, since: first, last: now, count: 0 };
    refused.last = now;
    if (refused === before) return false;
    refused.count += 1;
    this.#refused.set(idOf(work, refusal), refused);
    this.#byKey.set(key, refused);
    if (before !== undefined) this.#leave(before);
    return known === undefined;
  }

  /** A try succeeded, or was given up. Returns whether Redis refuses this work to nobody any more. */
  delete(key: unknown): boolean {
    const refused = this.#byKey.get(key);
    if (refused === undefined) return false;
    this.#byKey.delete(key);
    return this.#leave(refused);
  }

  /** Redis has accepted the login: refusals without a login are over, before anything is tried again. */
  loggedIn(): void {
    for (const [key, { refusal }] of this.#byKey) {
      if (refusal.fate === 'away' && refusal.isDialledAgain) this.delete(key);
    }
  }

  /** Returns the refusals to report; undefined without any. @param now ms on a steady clock */
  told(now: number): ReportedRefusal | undefined {
    const worth = [...this.#refused.values()].filter(
      ({ refusal, since }) => refusal.fate !== 'passing' || now - since >= GRACE_MS,
    );
    if (worth.length === 0) return undefined;
    const byCode = Map.groupBy(worth, ({ refusal }) => refusal.code);
    const sentences = [...byCode].map(([code, all]) => {
      const works = all.map(({ work }) => work);
      const meanings = new Set(all.map(({ refusal }) => `${refusal.reason}; ${refusal.remedy}`));
      return `${code} (${works.join(', ')}): ${[...meanings].join('; ')}`;
    });
    const isDialledAgain = worth.some(({ refusal, last }) => refusal.isDialledAgain && now - last < FRESH_MS);
    return { detail: sentences.join('. '), isDialledAgain };
  }

  #leave(refused: Refused): boolean {
    refused.count -= 1;
    return refused.count === 0 && this.#refused.delete(idOf(refused.work, refused.refusal));
  }
}

function idOf(work: string, { code }: Refusal): string {
  return `${code} ${work}`;
}
