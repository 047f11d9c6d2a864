/** Is this relay string of the chain one of our own names? `host` and `host:port` lower-case. */
function names(own: string, other: string): boolean {
  if (own === other) return true;
  const [ownHost, ownPort] = own.split(':');
  const [otherHost, otherPort] = other.split(':');
  // Rust peers write no port, Go writes one: a name without a port stands for any.
  return ownHost === otherHost && (ownPort === undefined || otherPort === undefined);
}

/**
 * Whether one of a twin's relay domains is this relay. `own` holds the configured domains, or, when none
 * is configured, the host by which the session's client reached us.
 */
export function isOurs(domains: readonly string[], own: readonly string[]): boolean {
  return domains.some((domain) => own.some((name) => names(name, domain)));
}
