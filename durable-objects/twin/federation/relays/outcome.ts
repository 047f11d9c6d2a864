import { BATCH_OUTCOMES } from '../../../../proto/batch/batch-answers.ts';
import { BATCH_VERSION } from '../../../../proto/batch/relay-batch.ts';

/** The header of a POST that says: if the session is away, return the envelope and store nothing. Other relays ignore it. */
export const IF_AWAY = 'rmb-if-away';
export const RETURN = 'return';

/** The header of each answer of RMB edge. No other relay has it: so it tells which relays understand `rmb-if-away`. */
export const OUTCOME = 'rmb-outcome';

/** The header of each answer of a relay that takes batches: the latest version of their format that it takes. */
export const TAKES_BATCH = 'rmb-batch';
/** The content type of a batch, and of the answer to it. */
export const BATCH_TYPE = 'application/x-rmb-batch';

/**
 * What became of an envelope at another relay of RMB edge. `delivered`, `stored`: with 202. `away`: its session is
 * not connected there, and it was not stored. `refused`: for another reason, which the status has.
 */
export type Outcome = (typeof BATCH_OUTCOMES)[number];

const OUTCOMES: ReadonlySet<string> = new Set(BATCH_OUTCOMES);

/** The answer of another relay. Without an outcome it does not run RMB edge, as far as is known. */
export interface Answer {
  readonly status: number;
  readonly outcome?: Outcome | undefined;
}

/** Parses the answer's header; undefined if it is absent or says anything else. */
export function readOutcome(header: string | null): Outcome | undefined {
  return isOutcome(header) ? header : undefined;
}

/** Returns whether a relay takes batches as this code writes them, by the header of its answer. */
export function readTakesBatch(header: string | null): boolean {
  return header !== null && /^\d{1,3}$/.test(header) && Number(header) >= BATCH_VERSION;
}

function isOutcome(text: string | null): text is Outcome {
  return text !== null && OUTCOMES.has(text);
}
