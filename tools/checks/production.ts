/** The part of a production environment that decides whether twins can use the relay. */
export interface ProductionConfig {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly route?: unknown;
  readonly routes?: readonly unknown[] | undefined;
}

/** Returns what is missing in wrangler.toml before a production relay may be deployed, each with what to do. */
export function productionFaults({ vars, route, routes }: ProductionConfig): string[] {
  const faults: string[] = [];
  if (String(vars.RELAY_DOMAINS ?? '').trim() === '') {
    faults.push('RELAY_DOMAINS: must name the relay. Twins write the name on chain, and tokens are for it alone');
  }
  if (route === undefined && (routes ?? []).length === 0) {
    faults.push('routes: must have the relay’s name, because workers_dev is off: docs/relay.md, "A name"');
  }
  return faults;
}
