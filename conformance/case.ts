import { isDeepStrictEqual } from 'node:util';
import { type Difference, reasonOf } from './differences.ts';
import type { Stage } from './stage.ts';

/** What a case saw, in words and plain values: compared as a whole, printed as it is. */
export type Seen = string | number | boolean | null | readonly Seen[] | { readonly [name: string]: Seen };

/** One rule of the protocol, and how to see whether a relay keeps it. */
export interface Case {
  /** Unique in its theme. */
  readonly name: string;
  /** The number of the heading in docs/protocol.md that states the rule. */
  readonly section: string;
  readonly title: string;
  /** Does something to the relay and tells what came of it; throws when nothing came. */
  observe(stage: Stage): Promise<Seen>;
  /** What the Rust relay was seen to do (reference-behaviour.md), or what PROTOCOL says where nobody looked. */
  readonly reference: Seen;
  /** What ours does on purpose, where a client can tell the difference. */
  readonly meant?: { readonly seen: Seen; readonly difference: Difference };
}

/** What became of a case. A meant difference is as good as a pass; it is named all the same. */
export type Verdict =
  | { readonly state: 'pass' }
  | { readonly state: 'differs'; readonly reason: string }
  | { readonly state: 'fail'; readonly saw: Seen; readonly expected: Seen };

/** Compares what was seen with the reference, then with what is meant to differ. */
export function judge({ reference, meant }: Pick<Case, 'reference' | 'meant'>, seen: Seen): Verdict {
  if (isDeepStrictEqual(seen, reference)) return { state: 'pass' };
  if (meant !== undefined && isDeepStrictEqual(seen, meant.seen)) {
    return { state: 'differs', reason: reasonOf(meant.difference) };
  }
  return { state: 'fail', saw: seen, expected: reference };
}
