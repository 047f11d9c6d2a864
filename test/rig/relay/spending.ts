import { expect } from 'vitest';
import { type Figures, IDLE, MESSAGES } from '../../../tools/checks/cost/figures.ts';
import { FRAMES_A_REQUEST } from '../../../tools/checks/cost/prices.ts';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';
import { type RelayUse, useOfAll } from './metered.ts';

// workerd counts what a message costs; docs/cost.md has the limits (tools/checks/cost/figures.ts).
const FIGURES = { ...MESSAGES, ...IDLE };
/** A relay looks a twin up again after this time: a slow machine takes longer for its messages and looks up more often. */
const LOOKUP_HOLDS_MS = 10_000;
/**
 * The most look-ups at each such time: one of the sender's object, and at the other relay two for each of the two
 * requests that it is sent at once, for source and destination.
 */
const LOOKUPS_AT_ONCE = 5;

/** What relays have used, and in which time. */
export interface Spent {
  readonly uses: readonly RelayUse[];
  readonly ms: number;
}

/** Counts what relays use for a work. */
export async function spend(on: readonly LocalRelay[], work: () => Promise<void>): Promise<Spent> {
  const began = performance.now();
  const uses = await useOfAll(on, work);
  return { uses, ms: performance.now() - began };
}

/** Returns the use of one of `messages`, in the units of docs/cost.md. */
export function each(messages: number, uses: readonly RelayUse[]): Figures['each'] & { readonly busyMs: number } {
  const sum = (of: (use: RelayUse) => number) => uses.reduce((total, use) => total + of(use), 0) / messages;
  const objects = ({ objects: { TwinObject: twin, StatsObject: stats } }: RelayUse) => [twin, stats];
  const of = (what: 'calls' | 'alarms' | 'frames' | 'rowsWritten' | 'rowsRead' | 'busyMs') =>
    sum((use) => objects(use).reduce((total, object) => total + object[what], 0));
  return {
    requests: sum((use) => use.worker.requests),
    objectRequests: of('calls') + of('alarms') + of('frames') / FRAMES_A_REQUEST,
    rowsWritten: of('rowsWritten'),
    rowsRead: of('rowsRead'),
    lookups: sum((use) => use.worker.lookups),
    logLines: sum(linesOf),
    busyMs: of('busyMs'),
  };
}

/** Returns the lines that a relay has logged, without those about chain nodes, which may be slow on a busy machine. */
function linesOf({ logLines }: RelayUse): number {
  const counted = Object.entries(logLines).filter(([event]) => !event.startsWith('chain-'));
  return counted.reduce((total, [, lines]) => total + lines, 0);
}

/** Expects that no unit exceeds docs/cost.md. */
export function expectWithin(name: keyof typeof FIGURES, messages: number, spent: readonly Spent[]): void {
  const { busyMs, ...units } = each(
    messages,
    spent.flatMap(({ uses }) => uses),
  );
  console.log(name, JSON.stringify(units), `busy ${busyMs.toFixed(2)} ms`);
  const most = new Map<string, number>(Object.entries(FIGURES[name].each));
  const times = spent.reduce((sum, { ms }) => sum + Math.floor(ms / LOOKUP_HOLDS_MS), 0);
  most.set('lookups', FIGURES[name].each.lookups + (LOOKUPS_AT_ONCE * times) / messages);
  const over = Object.entries(units).filter(([unit, used]) => used > (most.get(unit) ?? 0));
  expect(over, `${name}: more than docs/cost.md says; spare it, or change tools/checks/cost/figures.ts`).toEqual([]);
}
