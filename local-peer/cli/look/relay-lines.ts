import { RmbError } from '../../../client/errors.ts';
import { rounded, roundTrips } from '../calls/statistics.ts';
import { msText, paint } from '../output.ts';
import type { RelayReport } from './relay-report.ts';

/** A larger skew does not come from the network and a Date's whole seconds. */
const TOLERATED_SKEW = 5;

/** Returns why a peer cannot use the relay; undefined if it can, or if the relay does not say. */
export function faultIn({ host }: URL, { isRelay, isReady, detail }: RelayReport): RmbError | undefined {
  if (!isRelay) return new RmbError('relay', `${host} answers, but is no RMB relay`);
  if (isReady !== false) return undefined;
  return new RmbError('relay', `${host} is not ready: ${detail ?? 'no reason given'}`);
}

/** Returns the state of a relay for people. */
export function relayLines({ host }: URL, report: RelayReport): string[] {
  const { version, isReady, detail, pages, clockSkew } = report;
  const trips = roundTrips(report.roundTrips);
  const made =
    version === undefined ? 'unknown (the Rust relay has no /version)' : `${version.name} ${version.version}`;
  const ready =
    isReady === undefined
      ? 'unknown'
      : isReady
        ? paint('green', 'ready')
        : paint('red', `not ready: ${detail ?? 'no reason given'}`);
  const skew =
    clockSkew === undefined
      ? 'unknown'
      : Math.abs(clockSkew) <= TOLERATED_SKEW
        ? `${clockSkew.toFixed(1)} s from this machine’s: fine`
        : paint('yellow', `${clockSkew.toFixed(1)} s from this machine’s: set the wrong clock (NTP)`);
  return [
    paint('bold', host),
    `version     ${made}`,
    `domains     ${version?.domains.join(' ') ?? 'unknown'}`,
    `state       ${ready}`,
    `pages       ${Object.entries(pages)
      .map(([path, status]) => `${path} ${status}`)
      .join('  ')}`,
    `round trip  ${trips === undefined ? '-' : `${msText(trips.p50)} ms (${msText(trips.min)} to ${msText(trips.max)})`}`,
    `clock       ${skew}`,
  ];
}

/** Returns the state of a relay for programs. */
export function relayJson(
  { host }: URL,
  { version, isReady, detail, isRelay, pages, roundTrips: times, clockSkew }: RelayReport,
) {
  const trips = roundTrips(times);
  return {
    host,
    isRelay,
    version: version === undefined ? null : `${version.name} ${version.version}`,
    domains: version?.domains ?? null,
    ready: isReady ?? null,
    detail: detail ?? null,
    pages,
    roundTrip: trips === undefined ? null : rounded(trips),
    clockSkewSeconds: clockSkew === undefined ? null : Number(clockSkew.toFixed(1)),
  };
}
