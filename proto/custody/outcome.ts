import type { Reason } from '../reasons.ts';

/**
 * Who has custody after a receipt, or why nobody has. `delivered`: the receiver's peer keeps it. `handed`: it was written
 * to a plain session, which cannot say more. `stored`: a mailbox has it. `queued`: the relay keeps it for another relay,
 * and goes on trying. A reason: the relay refused it. After `undelivered` the relay cannot know its fate.
 */
export type Outcome = Accepted | Reason;

/** Outcomes after which somebody else has custody. */
export type Accepted = 'delivered' | 'handed' | 'stored' | 'queued';

/** The codes on the wire (docs/custody.md). A code is never used again for something else. */
const CODES: Record<Outcome, number> = {
  delivered: 0,
  handed: 1,
  stored: 2,
  queued: 3,
  'rate-limited': 16,
  'wrong-source': 17,
  'missing-destination': 18,
  'bad-sid': 19,
  'unknown-twin': 20,
  'no-relay': 21,
  offline: 22,
  expired: 23,
  rejected: 24,
  'rejected-form': 25,
  'rejected-sender': 26,
  'rejected-late': 27,
  'rejected-size': 28,
  'rejected-loop': 29,
  'rejected-other': 30,
  unreachable: 31,
  'not-a-relay': 32,
  'private-relay': 33,
  'lookup-failed': 34,
  'mailbox-full': 35,
  'mailbox-share': 36,
  'outbox-full': 37,
  undelivered: 38,
  'relay-version': 39,
  overloaded: 40,
};

const ACCEPTED: ReadonlySet<Outcome> = new Set(['delivered', 'handed', 'stored', 'queued']);
/** The same envelope may be taken a little later. */
const PASSING: ReadonlySet<Outcome> = new Set([
  'rate-limited',
  'lookup-failed',
  'mailbox-full',
  'mailbox-share',
  'outbox-full',
  'undelivered',
  'relay-version',
  'overloaded',
]);
const BY_CODE = new Map(Object.entries(CODES).map(([outcome, code]) => [code, outcome]));

/** Returns the code of an outcome on the wire. */
export function codeOf(outcome: Outcome): number {
  return CODES[outcome];
}

/** Returns the outcome of a code. A code of a later version counts as a refusal whose reason is unknown. */
export function outcomeOf(code: number): Outcome {
  const name = BY_CODE.get(code);
  return isOutcome(name) ? name : 'rejected-other';
}

/** Returns whether custody has passed on: the sender keeps the envelope no longer. */
export function isAccepted(outcome: Outcome): outcome is Accepted {
  return ACCEPTED.has(outcome);
}

/** Returns whether a refused envelope may be taken later, while its life lasts. */
export function isPassing(outcome: Outcome): boolean {
  return PASSING.has(outcome);
}

function isOutcome(name: string | undefined): name is Outcome {
  return name !== undefined && Object.hasOwn(CODES, name);
}
