import { isSameRelay } from '../proto/relay-name.ts';

/** Returns the names of this relay: the configured ones, or, without any, the host by which a client reached it. */
export function ownDomains(configured: readonly string[], host: string): readonly string[] {
  return configured.length > 0 ? configured : [host];
}

/** Returns whether one of a twin's relay domains is this relay, by the names that `ownDomains` returned. */
export function isOwnRelay(domains: readonly string[], own: readonly string[]): boolean {
  return domains.some((domain) => own.some((name) => isSameRelay(name, domain)));
}
