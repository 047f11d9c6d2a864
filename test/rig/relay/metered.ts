import { fileURLToPath } from 'node:url';
import type { ModuleDefinition } from 'miniflare';
import { z } from 'zod';
import { bundleWorker } from '../../../tools/local-relay/bundle.ts';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';
import { until } from '../until.ts';

const count = z.number();
const objectUse = z.object({
  calls: count,
  frames: count,
  alarms: count,
  rowsRead: count,
  rowsWritten: count,
  busyMs: count,
  wakes: count,
});
const used = z.object({
  worker: z.object({ requests: count, lookups: count }),
  objects: z.object({ TwinObject: objectUse, StatsObject: objectUse, ChainWatcher: objectUse }),
  logLines: z.record(z.string(), count),
  active: count,
});

/** The resources that a relay has used, as workers/metered/ counts them. */
export type RelayUse = z.infer<typeof used>;

/** Tests ask hundreds of times whether objects are quiet, and most are within this time (ms). */
const QUIET_LOOK_MS = 15;

let metered: Promise<ModuleDefinition[]> | undefined;

/** Returns the relay's Worker with a meter on it, bundled once for all test files of a process. */
export function bundleMetered(): Promise<ModuleDefinition[]> {
  metered ??= bundleWorker(fileURLToPath(new URL('../../../workers/metered/relay.workerd.ts', import.meta.url)));
  return metered;
}

/** Returns what a metered relay uses until `work` is done and its objects have nothing left to do. */
export async function useOf(relay: LocalRelay, work: () => Promise<void>): Promise<RelayUse> {
  const [use] = await useOfAll([relay], work);
  if (use === undefined) throw new Error('no use was read');
  return use;
}

/** Does the same as `useOf` for several relays. */
export async function useOfAll(relays: readonly LocalRelay[], work: () => Promise<void>): Promise<RelayUse[]> {
  await Promise.all(relays.map(quiet));
  await Promise.all(relays.map((relay) => meter(relay, 'DELETE')));
  await work();
  return await Promise.all(relays.map(quiet));
}

/** Waits until a metered relay's objects have nothing left to do. @returns what it has used since the last `useOf` */
export function quiet(relay: LocalRelay): Promise<RelayUse> {
  const look = async () => {
    const use = await meter(relay, 'GET');
    return use.active === 0 && use;
  };
  return until('objects that have nothing left to do', look, QUIET_LOOK_MS);
}

/** Hands frames to the objects of a metered relay so many at a time, in turn; none: each frame as it comes. */
export async function handTogether(relay: LocalRelay, handfuls: readonly number[]): Promise<void> {
  await (await fetch(`${relay.httpUrl}/meter?handfuls=${handfuls.join()}`, { method: 'PUT' })).body?.cancel();
}

/** Puts a twin's object of a metered relay to sleep as the platform does: when nothing is left to do. */
export async function sleep(relay: LocalRelay, twin: number): Promise<void> {
  await quiet(relay);
  await relay.evict(twin);
}

async function meter(relay: LocalRelay, method: 'GET' | 'DELETE'): Promise<RelayUse> {
  return used.parse(await (await fetch(`${relay.httpUrl}/meter`, { method })).json());
}
