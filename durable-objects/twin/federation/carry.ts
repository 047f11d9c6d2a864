import type { Rejection } from '../../../proto/reasons.ts';
import type { RelayStanding } from './known-relays.ts';

/**
 * What one attempt to hand an envelope to another relay came to; `late` when its time was over first, `not-a-relay` when
 * none of the hosts is one.
 */
export type Carried = 'accepted' | Rejection | 'not-a-relay' | 'failed' | 'late';

/** What carrying needs. */
export interface CarryPort {
  /** Runs `work` when a request to this relay may be made. */
  inSlot<T>(domain: string, work: () => Promise<T>): Promise<T>;
  /** POSTs the envelope; the status, or undefined when no answer came in time. Must not reject. */
  post(domain: string): Promise<number | undefined>;
  standing(domain: string): RelayStanding;
  /** Counts a failure of a relay; `odd`: it answered as no relay does. */
  failed(domain: string, how: 'failed' | 'odd'): void;
  /** Whether the envelope's time is over. */
  isLate(): boolean;
  sleep(ms: number): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** Of a first attempt. A retry is one pass: the retries themselves follow each other. */
const PASSES = 3;
/** Between the first passes; each doubles, and up to half is added, so that many do not come back at once (ms). */
const PAUSE_MS = 100;

/** Tries the relays of a twin in their order, three times over, or once when it is a retry (PROTOCOL §7). */
export async function carry(domains: readonly string[], isRetry: boolean, port: CarryPort): Promise<Carried> {
  const passes = isRetry ? 1 : PASSES;
  for (let pass = 0; pass < passes; pass += 1) {
    if (pass > 0) await port.sleep(PAUSE_MS * 2 ** (pass - 1) * (1 + port.random() / 2));
    for (const domain of domains) {
      // Looked at once the slot is there: who waits long for it may wait past its time, or the host be known by then.
      const carried = await port.inSlot(domain, async () => {
        if (port.isLate()) return 'late';
        return port.standing(domain) === 'ask' ? judge(await port.post(domain)) : 'passed over';
      });
      if (carried === 'passed over') continue;
      if (carried !== 'failed' && carried !== 'odd') return carried;
      port.failed(domain, carried);
    }
    if (domains.every((domain) => port.standing(domain) === 'not-a-relay')) return 'not-a-relay';
  }
  return port.isLate() ? 'late' : 'failed';
}

/** The one status that means: delivered, or stored. */
export const ACCEPTED = 202;
/** What may pass later although it is a 4xx: a time-out, a limit. */
const LATER = new Set([408, 429]);

/** A web server that is no relay, beside other 2xx and redirects: no POST here, no such body, not implemented. */
const ODD = new Set([405, 415, 426, 501]);

/** Why a relay refuses for good, where its status says it; only 404 says that nobody is there. */
const REJECTIONS: ReadonlyMap<number, Rejection> = new Map([
  [400, 'rejected-form'],
  [401, 'rejected-sender'],
  [403, 'rejected-sender'],
  [404, 'rejected'],
  [410, 'rejected-late'],
  [413, 'rejected-size'],
  [421, 'rejected-loop'],
]);

/** Only 202 is success, and a 4xx is final. A redirect is not followed: it leads out of what the twin named on chain. */
function judge(status: number | undefined): Exclude<Carried, 'not-a-relay' | 'late'> | 'odd' {
  if (status === ACCEPTED) return 'accepted';
  if (status === undefined || LATER.has(status)) return 'failed';
  if (status < 400 || ODD.has(status)) return 'odd';
  if (status >= 500) return 'failed';
  return REJECTIONS.get(status) ?? 'rejected-other';
}
