import { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../config/layers.ts';
import { systemFault } from '../system-fault.ts';
import { CommandFailure } from './failure.ts';
import { addJsonFlag, addTimeoutFlag, jsonOption, optionsOf } from './flags.ts';
import { msText, paint, print, printJson } from './output.ts';
import { pagesUrl, type RelayReport, reportOf } from './relay-report.ts';
import { rounded, roundTrips } from './statistics.ts';

const options = jsonOption.extend({ timeout: z.number() });
/** More than this is no longer the network and a Date's whole seconds. */
const TOLERATED_SKEW = 5;

/** `rmb-peer relay`: how a relay is, asked from here. */
export function relayCommand(): Command {
  const command = new Command('relay')
    .summary('how a relay is, asked from here')
    .description(
      'Asks a relay for its version, health and readiness, and measures the way there and its clock against ours. No secret is needed, and no session is opened. The Rust relay serves /metrics alone: then that is all there is.',
    )
    .argument('<url>', 'wss://, ws://, https://, http:// or a host, which is taken for https');
  addTimeoutFlag(command, 10, 'how long all of it may take');
  return addJsonFlag(command)
    .addHelpText(
      'after',
      `
Examples:
  $ rmb-peer relay wss://relay.grid.tf
  $ rmb-peer relay ws://localhost:8787 --json | jq .clockSkewSeconds`,
    )
    .action(async (text: string, _: unknown, self: Command) => {
      const { json, timeout } = optionsOf(self, options);
      const url = pagesUrl(text);
      if (url === undefined) throw new UsageError(`'${text}' is no relay: wss://relay.grid.tf, or a host`);
      const report = await asked(url, timeout);
      if (json) printJson(jsonOf(url, report));
      else for (const line of linesOf(url, report)) print(line);
      if (!report.isRelay) throw new CommandFailure('relay', `${url.host} answers, but shows nothing of an RMB relay`);
      if (report.isReady === false) {
        throw new CommandFailure('relay', `${url.host} is not ready: ${report.detail ?? 'it does not say why'}`);
      }
    });
}

async function asked(url: URL, seconds: number): Promise<RelayReport> {
  try {
    return await reportOf(url, AbortSignal.timeout(seconds * 1000));
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new CommandFailure('no-answer', `${url.host} did not answer within ${seconds} s`);
    }
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const why = systemFault(cause) ?? 'what answers there speaks no HTTP';
    throw new CommandFailure('relay', `${url.host} cannot be reached: ${why}`);
  }
}

function linesOf({ host }: URL, report: RelayReport): string[] {
  const { version, isReady, detail, pages, clockSkew } = report;
  const trips = roundTrips(report.roundTrips);
  const made =
    version === undefined ? 'it does not say (the Rust relay has no /version)' : `${version.name} ${version.version}`;
  const ready =
    isReady === undefined
      ? 'it does not say'
      : isReady
        ? paint('green', 'ready')
        : paint('red', `not ready: ${detail ?? 'it does not say why'}`);
  const skew =
    clockSkew === undefined
      ? 'it does not say'
      : Math.abs(clockSkew) <= TOLERATED_SKEW
        ? `${clockSkew.toFixed(1)} s off ours: fine`
        : paint('yellow', `${clockSkew.toFixed(1)} s off ours: set the clock that is wrong (NTP)`);
  return [
    paint('bold', host),
    `version     ${made}`,
    `domains     ${version?.domains.join(' ') ?? 'it does not say'}`,
    `state       ${ready}`,
    `pages       ${Object.entries(pages)
      .map(([path, status]) => `${path} ${status}`)
      .join('  ')}`,
    `round trip  ${trips === undefined ? '-' : `${msText(trips.p50)} ms (${msText(trips.min)} to ${msText(trips.max)})`}`,
    `clock       ${skew}`,
  ];
}

function jsonOf(
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
