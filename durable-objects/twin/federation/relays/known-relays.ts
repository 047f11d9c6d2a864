/** Hosts that are remembered. Any twin may name any host on chain. */
const MOST_HOSTS = 10_000;
/** A host that responds as no relay does gets no request for this long. */
const NOT_A_RELAY_MS = 3_600_000;
/** After so many failures in a row a host that never accepted an envelope gets no request for a while. */
const MOST_FAILURES = 8;
const PAUSE_MS = 30_000;

/** Whether a host gets a request: yes, not now, or not at all because it is no relay. */
export type RelayStatus = 'ask' | 'paused' | 'not-a-relay';

/** A relay: any, or one that runs RMB edge as this one does. */
type Relay = 'relay' | 'edge';

type Known =
  | Relay
  | { readonly failures: number; readonly status: Exclude<RelayStatus, 'ask'>; readonly until: number };

/**
 * Which hosts are relays, and which of them run RMB edge. Only a relay responds with 202, or with an outcome: until then
 * a host may be a stranger's web server, named on chain by somebody who wants it flooded. Belongs to an isolate; may
 * vanish at any time. Times in Unix ms.
 */
export class KnownRelays {
  readonly #known = new Map<string, Known>();

  /** Returns whether a host gets a request now. */
  status(domain: string, now: number): RelayStatus {
    const known = this.#known.get(domain);
    return known === undefined || isRelay(known) || now >= known.until ? 'ask' : known.status;
  }

  /** Returns whether the relay runs RMB edge: an answer of it had an outcome. */
  isEdge(domain: string): boolean {
    return this.#known.get(domain) === 'edge';
  }

  /** The host accepted an envelope, or gave an outcome. From now on its failures count as temporary. */
  accepted(domain: string, isEdge = false): void {
    this.#set(domain, isEdge ? 'edge' : 'relay');
  }

  /** The host failed. */
  failed(domain: string, now: number): void {
    const known = this.#known.get(domain);
    if (known !== undefined && isRelay(known)) return;
    const failures = (known?.failures ?? 0) + 1;
    this.#set(domain, { failures, status: 'paused', until: failures >= MOST_FAILURES ? now + PAUSE_MS : 0 });
  }

  /** The host responded as a web server that is no relay: with a page, a redirect, or "no POST here". */
  respondedOddly(domain: string, now: number): void {
    const known = this.#known.get(domain);
    if (known !== undefined && isRelay(known)) return;
    this.#set(domain, { failures: 0, status: 'not-a-relay', until: now + NOT_A_RELAY_MS });
  }

  #set(domain: string, known: Known): void {
    this.#known.delete(domain);
    this.#known.set(domain, known);
    if (this.#known.size <= MOST_HOSTS) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

function isRelay(known: Known): known is Relay {
  return typeof known === 'string';
}
