/** Hosts that are remembered: any twin may name any host on chain. */
const MOST = 10_000;
/** A host that answers as no relay does is left alone for so long (ms). */
const ALONE_MS = 3_600_000;
/** After so many failures in a row a host that never took a message rests for so long, whatever twins name it (ms). */
const MOST_FAILURES = 8;
const REST_MS = 30_000;

/** Whether a host is asked: yes, not now, or not at all because it is no relay. */
export type RelayStanding = 'ask' | 'rests' | 'not-a-relay';

type Known =
  | 'relay'
  | { readonly failures: number; readonly is: Exclude<RelayStanding, 'ask'>; readonly until: number };

/**
 * What hosts have shown themselves to be. Only a relay answers 202: until then a host may be a stranger's web server
 * that somebody wrote on chain to have it flooded. Belongs to an isolate; may vanish at any time. Times in Unix ms.
 */
export class KnownRelays {
  readonly #known = new Map<string, Known>();

  standing(domain: string, now: number): RelayStanding {
    const known = this.#known.get(domain);
    return known === undefined || known === 'relay' || now >= known.until ? 'ask' : known.is;
  }

  /** It took a message. From now on its failures pass. */
  accepted(domain: string): void {
    this.#set(domain, 'relay');
  }

  /** It failed with a message. */
  failed(domain: string, now: number): void {
    const known = this.#known.get(domain);
    if (known === 'relay') return;
    const failures = (known?.failures ?? 0) + 1;
    this.#set(domain, { failures, is: 'rests', until: failures >= MOST_FAILURES ? now + REST_MS : 0 });
  }

  /** It answered as a web server does that is no relay: with a page, a redirect, or “no POST here”. */
  answeredOddly(domain: string, now: number): void {
    if (this.#known.get(domain) === 'relay') return;
    this.#set(domain, { failures: 0, is: 'not-a-relay', until: now + ALONE_MS });
  }

  #set(domain: string, known: Known): void {
    this.#known.delete(domain);
    this.#known.set(domain, known);
    if (this.#known.size <= MOST) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
