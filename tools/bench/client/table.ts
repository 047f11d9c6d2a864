import type { Machine } from '../contenders/machine.ts';
import { markdown } from '../table.ts';
import type { Ran } from './messages.ts';

/** The heading of its section in RESULTS.md. */
export const CLIENT_HEADING = 'The client';
/** Latency that the client may add over the transport at p50, ms. */
const AIM_MS = 5;

/** All figures of one client: lists have a figure for each start, or for each turn. */
export interface ClientRecord {
  /** From its import to its connection, ms. */
  readonly load: readonly number[];
  /** Minified and gzipped; `import` is what the import alone loads. */
  readonly bytes: { readonly import: number; readonly connected: number };
  /** MB. */
  readonly memory: { readonly connected: number; readonly peak: number };
  readonly works: readonly { readonly window: number; readonly runs: readonly Ran[] }[];
}

/** A run of the benchmark of the clients. */
export interface ClientsRecord {
  readonly machine: Machine;
  /** Load averages of the machine over one minute, before and after. */
  readonly busy: readonly [before: number, after: number];
  /** The processes' niceness: below 0 they go before others. */
  readonly niceness: number;
  readonly bytes: number;
  /** Bare round trips, one at a time. */
  readonly bare: readonly Ran[];
  readonly ours: ClientRecord;
  readonly npm: ClientRecord;
}

/** Returns the figures as a section of a page. */
export function clientSection({ machine, busy, niceness, bytes, bare, ours, npm }: ClientsRecord): string {
  const clients = [ours, npm];
  const row = (what: string, text: (client: ClientRecord) => string) => [what, ...clients.map(text)];
  const runs = ({ works }: ClientRecord, window: number) => works.find((work) => work.window === window)?.runs ?? [];
  const works = ours.works.flatMap(({ window }) => [
    row(`${window} at once: calls a second`, (of) => spread(runs(of, window).map(({ rate }) => rate))),
    row(`${window} at once: p50, ms`, (of) => spread(runs(of, window).map(({ p50 }) => p50))),
    row(`${window} at once: p99, ms`, (of) => spread(runs(of, window).map(({ p99 }) => p99))),
  ]);
  const transport = median(bare.map(({ p50 }) => p50));
  const added = median(runs(ours, 1).map(({ p50 }, turn) => p50 - (bare[turn]?.p50 ?? Number.NaN)));
  return [
    `Calls of ${bytes} B to one service, signed and encrypted, each caller in a process of Node.`,
    '',
    markdown(
      ['', 'rmb-client', '@threefold/rmb_direct_client 2.9.2'],
      [
        row('import to connected, ms', (of) => spread(of.load)),
        row('a page imports, KB gzip', (of) => kilobytes(of.bytes.import)),
        row('a page loads until connected, KB gzip', (of) => kilobytes(of.bytes.connected)),
        row('memory when connected, MB', (of) => short(of.memory.connected)),
        row('memory at most, MB', (of) => short(of.memory.peak)),
        ...works,
      ],
    ),
    '',
    `A bare round trip of the same sealed bytes takes ${short(transport)} ms at p50. The client adds ${short(added)} ms (aim: at most ${AIM_MS}, ${added <= AIM_MS ? 'met' : 'missed'}).`,
    '',
    `${machine.date}, commit ${machine.commit}, ${machine.cores} cores, Node ${machine.node}. Load of the machine, over one minute: ${short(busy[0])} before, ${short(busy[1])} after; niceness ${niceness}.`,
  ].join('\n');
}

/** Returns the text of a section of a page; undefined when the page has no such section. */
export function sectionOf(page: string, heading: string): string | undefined {
  return partsOf(page, heading).text;
}

/** Returns the page with this section in place of one with the same heading, or at its end. */
export function withSection(page: string, heading: string, text: string): string {
  const { before, after } = partsOf(page, heading);
  return `${before}\n\n## ${heading}\n\n${text}\n${after === '' ? '' : `\n${after}`}`;
}

function partsOf(page: string, heading: string): { before: string; text?: string; after: string } {
  const [before = '', rest] = page.split(`\n## ${heading}\n`);
  if (rest === undefined) return { before: before.trimEnd(), after: '' };
  const next = rest.search(/^## /m);
  const [text, after] = next < 0 ? [rest, ''] : [rest.slice(0, next), rest.slice(next)];
  return { before: before.trimEnd(), text: text.trim(), after };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? short(least) : `${short(median(values))} (${short(least)}–${short(most)})`;
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
