import { isDeepStrictEqual } from 'node:util';
import { type Difference, reasonOf } from './differences.ts';
import type { Stage } from './stage/stage.ts';

/** The observation of a case, in words and plain values; it is compared as a whole and printed. */
export type Seen = string | number | boolean | null | readonly Seen[] | { readonly [name: string]: Seen };

/** One rule of the protocol, and how to observe whether a relay keeps it. */
export interface Case {
  /** Unique in its theme. */
  readonly name: string;
  /** The number of the section in docs/protocol.md that states the rule. */
  readonly section: string;
  readonly title: string;
  /** Sends something to the relay. Resolves with the result; rejects when none comes in time. */
  observe(stage: Stage): Promise<Seen>;
  /** The observed behaviour of the Rust relay, or of docs/protocol.md where it was not observed. */
  readonly reference: Seen;
  /** The behaviour of RMB edge, where it differs on purpose and a client can see it. */
  readonly intended?: { readonly seen: Seen; readonly difference: Difference };
}

/** The result of a case. An intended difference counts as a pass and is named. */
export type Verdict =
  | { readonly state: 'pass' }
  | { readonly state: 'differs'; readonly reason: string }
  | { readonly state: 'fail'; readonly saw: Seen; readonly expected: Seen };

/** Compares an observation with the reference, then with the intended difference. */
export function judge({ reference, intended }: Pick<Case, 'reference' | 'intended'>, seen: Seen): Verdict {
  if (isDeepStrictEqual(seen, reference)) return { state: 'pass' };
  if (intended !== undefined && isDeepStrictEqual(seen, intended.seen)) {
    return { state: 'differs', reason: reasonOf(intended.difference) };
  }
  return { state: 'fail', saw: seen, expected: reference };
}
