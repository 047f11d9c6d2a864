import { WATCHER } from '../checks/cost/figures.ts';
import { beyondPlan, FRAMES_A_REQUEST, gbSeconds, listPrice } from '../checks/cost/prices.ts';
import { INPUTS } from './inputs.ts';
import type { Place } from './model/place.ts';
import type { World } from './model/world.ts';
import { PRODUCT } from './product.ts';
import type { Use } from './result.ts';

const MONTH_MS = 30 * 86_400_000;

/** Returns the units of a run: what the model counted, and the product's measured figures for the rest. */
export function useOf({ billed, requests, store, kvReads }: World, places: readonly Place[]): Use {
  const { message, stored, reconnection } = PRODUCT.figures;
  const { messages, connections, upgrades } = billed;
  const awakeMs = places.reduce((sum, place) => sum + place.awakeMs, 0);
  return {
    requests: upgrades,
    objectRequests:
      billed.frames / FRAMES_A_REQUEST +
      billed.calls +
      billed.reports +
      connections * reconnection.each.objectRequests +
      requests.stored * (stored.each.objectRequests - message.each.objectRequests),
    rowsWritten:
      messages * message.each.rowsWritten +
      connections * reconnection.each.rowsWritten +
      requests.stored * stored.each.rowsWritten,
    rowsRead:
      messages * message.each.rowsRead +
      connections * reconnection.each.rowsRead +
      requests.stored * stored.each.rowsRead,
    kvReads,
    kvWrites: store.writes,
    refusedKvWrites: store.refusedWrites,
    cpuMs: upgrades * reconnection.cpuMs,
    gbSeconds: gbSeconds(awakeMs),
    logLines: store.refusedWrites,
    messages,
    calls: billed.calls,
  };
}

/** Returns what was used between two moments. */
export function minus(after: Use, before: Use): Use {
  return each((unit) => after[unit] - before[unit]);
}

/** Returns the use of a month of which a run is a sample, with following the chain. */
export function monthOf(use: Use, ms: number): Use {
  const watcher = { ...WATCHER, kvWrites: 0, refusedKvWrites: 0, messages: 0, calls: 0 };
  return each((unit) => (use[unit] * MONTH_MS) / ms + watcher[unit]);
}

function each(value: (unit: keyof Use) => number): Use {
  return {
    requests: value('requests'),
    objectRequests: value('objectRequests'),
    rowsWritten: value('rowsWritten'),
    rowsRead: value('rowsRead'),
    kvReads: value('kvReads'),
    kvWrites: value('kvWrites'),
    refusedKvWrites: value('refusedKvWrites'),
    cpuMs: value('cpuMs'),
    gbSeconds: value('gbSeconds'),
    logLines: value('logLines'),
    messages: value('messages'),
    calls: value('calls'),
  };
}

/** Returns US dollars beyond the plan's allowance. */
export function monthPrice(use: Use): number {
  const { million, included } = INPUTS.platform.kvWrites;
  return beyondPlan(use) + (Math.max(0, use.kvWrites - included) / 1e6) * million;
}

/** Returns US dollars at list price. */
export function price(use: Use): number {
  return listPrice(use) + (use.kvWrites / 1e6) * INPUTS.platform.kvWrites.million;
}
