import type { Rejection } from '../../../proto/reasons.ts';

/** What one attempt to hand an envelope to another relay came to; `late` when its time was over first. */
export type Carried = 'accepted' | Rejection | 'failed' | 'late';

/** What carrying needs. */
export interface CarryPort {
  /** Runs `work` when a request to this relay may be made. */
  inSlot<T>(domain: string, work: () => Promise<T>): Promise<T>;
  /** POSTs the envelope; the status, or undefined when no answer came in time. Must not reject. */
  post(domain: string): Promise<number | undefined>;
  /** Counts a failure of a relay. */
  failed(domain: string): void;
  /** Whether the envelope's time is over. */
  isLate(): boolean;
  sleep(ms: number): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

const PASSES = 3;
/** Between the first passes; each doubles, and up to half is added, so that many do not come back at once (ms). */
const PAUSE_MS = 100;

/** Tries the relays of a twin in their order, three times over (PROTOCOL §7). */
export async function carry(domains: readonly string[], port: CarryPort): Promise<Carried> {
  for (let pass = 0; pass < PASSES; pass += 1) {
    if (pass > 0) await port.sleep(PAUSE_MS * 2 ** (pass - 1) * (1 + port.random() / 2));
    for (const domain of domains) {
      // Looked at once the slot is there: who waits long for it may wait past its time.
      const carried = await port.inSlot(domain, async () =>
        port.isLate() ? ('late' as const) : judge(await port.post(domain)),
      );
      if (carried !== 'failed') return carried;
      port.failed(domain);
    }
  }
  return port.isLate() ? 'late' : 'failed';
}

/** The one status that means: delivered, or stored. */
export const ACCEPTED = 202;
/** What may pass later although it is a 4xx: a time-out, a limit. */
const LATER = new Set([408, 429]);

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
function judge(status: number | undefined): Carried {
  if (status === ACCEPTED) return 'accepted';
  if (status === undefined || LATER.has(status)) return 'failed';
  if (status < 400 || status >= 500) return 'failed';
  return REJECTIONS.get(status) ?? 'rejected-other';
}
