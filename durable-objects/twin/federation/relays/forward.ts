import type { Rejection } from '../../../../proto/reasons.ts';
import type { IfAway } from '../../../contract.ts';
import type { RelayStatus } from './known-relays.ts';
import type { Answer } from './outcome.ts';

/**
 * The outcome of one attempt at all relays of a twin: `late` when the envelope expired first, `not-a-relay` when none
 * of the hosts is a relay.
 */
export type Forwarded = 'accepted' | Rejection | 'not-a-relay' | 'failed' | 'late';

/**
 * Where an envelope is stored if no relay has its session: `there`, at one of them; `here`, by the caller; `nowhere`, if it
 * must fail fast.
 */
export type Stores = 'there' | 'here' | 'nowhere';

/** The port of forwarding. */
export interface ForwardPort {
  readonly stores: Stores;
  /**
   * POSTs the envelope when a request to this relay may be made. Resolves with the answer, or undefined when none came in
   * time; never rejects.
   * @param isWanted asked before the request is made; if not, the result is `unsent`
   */
  post(domain: string, ifAway: IfAway, isWanted: () => boolean): Promise<Answer | 'unsent' | undefined>;
  /** Returns whether this relay, which may store the envelope, said a moment ago that the session is away. */
  wasAway(domain: string): boolean;
  status(domain: string): RelayStatus;
  /** Counts a failure of a relay. `odd`: it responded as no relay does. */
  failed(domain: string, how: 'failed' | 'odd'): void;
  /** Returns whether the envelope is settled already, or expired. */
  isLate(): boolean;
  wait(ms: number): Promise<void>;
  /** Returns a number from 0 to 1. */
  random(): number;
}

/** Passes of a first attempt. A retry is one pass, because retries follow each other. */
const PASSES = 3;
/** Between the first two passes. Each pause doubles, and up to half is added, so that many senders spread out. */
const PAUSE_MS = 100;

/**
 * Tries the relays of a twin in order: three passes, or one when it is a retry (PROTOCOL §7). All but the last are asked
 * to return the envelope if the session is away, so that it is stored only when no relay has the session, and once.
 */
export async function forward(domains: readonly string[], isRetry: boolean, port: ForwardPort): Promise<Forwarded> {
  const passes = isRetry ? 1 : PASSES;
  // Relays whose 404 is final. It is final for the envelope only when all say so.
  const refusing = new Set<string>();
  for (let pass = 0; pass < passes; pass += 1) {
    if (pass > 0) await port.wait(PAUSE_MS * 2 ** (pass - 1) * (1 + port.random() / 2));
    const forwarded = await onePass(domains, refusing, port);
    if (forwarded !== undefined) return forwarded;
    if (domains.every((domain) => port.status(domain) === 'not-a-relay')) return 'not-a-relay';
  }
  if (port.stores === 'nowhere' && refusing.size > 0) return 'rejected';
  return port.isLate() ? 'late' : 'failed';
}

/** Returns undefined when another pass may succeed. */
async function onePass(
  domains: readonly string[],
  refusing: Set<string>,
  port: ForwardPort,
): Promise<Exclude<Forwarded, 'not-a-relay' | 'failed'> | undefined> {
  // Relays of RMB edge that returned the envelope, and may store it.
  const away = new Set<string>();
  for (const [place, domain] of domains.entries()) {
    if (refusing.has(domain)) continue;
    const ifAway = place < domains.length - 1 || port.stores === 'here' ? 'return' : 'store';
    const tried = ifAway === 'return' && port.wasAway(domain) ? 'away' : await tryOne(domain, ifAway, port);
    if (tried === 'away' && ifAway === 'return' && port.stores === 'there') away.add(domain);
    else if (tried === 'rejected' || tried === 'away') refusing.add(domain);
    else if (tried !== undefined) return tried;
  }
  for (const domain of away) {
    const tried = await tryOne(domain, 'store', port);
    away.delete(domain);
    if (tried === 'rejected' || tried === 'away') refusing.add(domain);
    else if (tried !== undefined) return tried;
  }
  const open = domains.filter((domain) => !refusing.has(domain));
  const isRefused = refusing.size > 0 && open.every((domain) => port.status(domain) === 'not-a-relay');
  return isRefused ? 'rejected' : undefined;
}

/** Tries one relay. Returns undefined if it failed, or may not be asked now. */
async function tryOne(domain: string, ifAway: IfAway, port: ForwardPort) {
  // Checked when its turn comes: after a long wait the envelope may be late, or the host may be known.
  const isWanted = () => !port.isLate() && port.status(domain) === 'ask';
  const answer = await port.post(domain, ifAway, isWanted);
  if (answer === 'unsent') return port.isLate() ? 'late' : undefined;
  const tried = outcomeOf(answer);
  if (tried !== 'failed' && tried !== 'odd') return tried;
  port.failed(domain, tried);
  return undefined;
}

/** The only status that means: delivered, or stored. */
export const ACCEPTED = 202;
/** A 4xx that a later attempt may not meet: a timeout, a rate limit. */
const TEMPORARY = new Set([408, 429]);

/** A web server that is no relay responds so, or with another 2xx, or with a redirect. */
const ODD = new Set([405, 415, 426, 501]);

/** Why a relay refuses for good. Only 404 says that the destination is offline. */
const REJECTIONS: ReadonlyMap<number, Rejection> = new Map([
  [400, 'rejected-form'],
  [401, 'rejected-sender'],
  [403, 'rejected-sender'],
  [404, 'rejected'],
  [410, 'rejected-late'],
  [413, 'rejected-size'],
  [421, 'rejected-loop'],
]);

/** Only 202 is success, and a 4xx is final. A redirect is not followed: the twin did not name its target on chain. */
function outcomeOf(answer: Answer | undefined): 'accepted' | 'away' | Rejection | 'failed' | 'odd' {
  if (answer === undefined || TEMPORARY.has(answer.status)) return 'failed';
  const { status, outcome } = answer;
  if (status === ACCEPTED) return 'accepted';
  if (status < 400 || ODD.has(status)) return 'odd';
  if (status >= 500) return 'failed';
  const rejection = REJECTIONS.get(status) ?? 'rejected-other';
  return rejection === 'rejected' && outcome === 'away' ? 'away' : rejection;
}
