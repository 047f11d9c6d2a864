import type { Result } from '../result.ts';
import { err, ok } from '../result.ts';

/**
 * Returns the values in the result of `state_queryStorageAt`, hex by key; null where the chain stores nothing. A value is
 * not checked: `bytesOf` does that.
 */
export function changesOf(result: unknown): Result<ReadonlyMap<string, unknown>, string> {
  const sets: unknown[] = Array.isArray(result) ? result : [];
  const [set] = sets;
  const changes = typeof set === 'object' && set !== null && 'changes' in set ? set.changes : undefined;
  if (sets.length !== 1 || !Array.isArray(changes)) return err('its result is no set of changes');
  const values = new Map<string, unknown>();
  for (const change of changes) {
    const [key, value]: unknown[] = Array.isArray(change) ? change : [];
    if (typeof key !== 'string') return err('its changes have no keys');
    values.set(key, value);
  }
  return ok(values);
}
