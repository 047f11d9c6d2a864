import { isRegion, REGIONS, type Region } from '../../durable-objects/placement/region.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import { encodeRegion, regionKey } from '../../workers/placement/region-record.ts';

/** A pair as `wrangler kv bulk put` takes it. */
interface Pair {
  readonly key: string;
  readonly value: string;
}

const MOST_TWIN = 0xffffffff;

/**
 * Reads where an operator wants the twins: a line `twin region` for each. Empty lines and the rest of a line behind `#`
 * are skipped. The error names each bad line.
 */
export function readPlan(text: string): Result<ReadonlyMap<number, Region>, string> {
  const plan = new Map<number, Region>();
  const faults: string[] = [];
  for (const [n, line] of text.split('\n').entries()) {
    const words = line.replace(/#.*/, '').split(/\s+/).filter(Boolean);
    if (words.length === 0) continue;
    const fault = take(words, plan);
    if (fault !== undefined) faults.push(`line ${n + 1}: ${fault}`);
  }
  return faults.length === 0 ? ok(plan) : err(faults.join('\n'));
}

/** Adds one line to the plan. Returns what is wrong with it. */
function take([id = '', region = '', ...more]: readonly string[], plan: Map<number, Region>): string | undefined {
  const twin = /^\d+$/.test(id) ? Number(id) : 0;
  if (more.length > 0) return `expected "twin region", got ${more.length + 2} words`;
  if (twin < 1 || twin > MOST_TWIN) return `${JSON.stringify(id)} is no twin id: expected 1 to ${MOST_TWIN}`;
  if (!isRegion(region)) return `${JSON.stringify(region)} is no region: expected one of ${REGIONS.join(', ')}`;
  if (plan.has(twin)) return `twin ${twin} has a line already`;
  plan.set(twin, region);
  return undefined;
}

/** Returns the relay's own records of a plan. */
export function pairsOf(plan: ReadonlyMap<number, Region>): Pair[] {
  return [...plan].map(([twin, region]) => ({ key: regionKey(twin), value: encodeRegion(region) }));
}
