import { relayDomains } from '../../proto/twin.ts';
import { isOwnRelay } from '../domains.ts';

/**
 * Returns whether mail of a twin may be here that belongs elsewhere now: this was a relay of the twin before the change, and
 * the twin names another one now. Objects of all other twins sleep on.
 * @param before the relay string as it was cached; undefined if it was not: then nobody here sent to the twin
 * @param own the configured names of this relay
 */
export function mayHaveLeft(before: string | null | undefined, after: string | null, own: readonly string[]): boolean {
  if (before === undefined || before === after || !isOwnRelay(relayDomains(before), own)) return false;
  return relayDomains(after).some((domain) => !isOwnRelay([domain], own));
}
