import { generationName } from '../../durable-objects/chain-watcher/generation.ts';
import { encodeRecord, GENERATION_KEY, twinKey } from '../../workers/twin-resolver/kv-record.ts';
import type { Fleet } from './read-fleet.ts';

/** A pair as `wrangler kv bulk put` takes it. */
interface Pair {
  readonly key: string;
  readonly value: string;
}

/**
 * Returns the relay's own records of all twins, and the name of their generation: the chain watcher starts at its block, so
 * that it reads what changed since. The name comes last: without the records it would say too much.
 * @param now Unix ms at which the reading began
 */
export function pairsOf({ genesis, block, twins }: Fleet, now: number): Pair[] {
  const generation = generationName(genesis, block, now);
  const records = twins.map((twin) => ({
    key: twinKey(twin.id),
    value: encodeRecord({ twin, readAt: now, generation }),
  }));
  return [...records, { key: GENERATION_KEY, value: generation }];
}
