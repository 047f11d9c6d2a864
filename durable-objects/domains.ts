import { isSameRelay } from '../proto/relay-name.ts';

/**
 * Whether one of a twin's relay domains is this relay. `own` holds the configured domains, or, when none
 * is configured, the host by which the session's client reached us.
 */
export function isOurs(domains: readonly string[], own: readonly string[]): boolean {
  return domains.some((domain) => own.some((name) => isSameRelay(name, domain)));
}
