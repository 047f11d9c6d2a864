import { fileURLToPath } from 'node:url';
import type { ModuleDefinition } from 'miniflare';
import { z } from 'zod';
import { bundleWorker } from '../../../tools/local-relay/bundle.ts';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';

const count = z.number();
const given = z.record(z.string(), z.object({ calls: count, rejected: count, frames: count, longestWait: count }));

/** Returns the relay's Worker with objects that take so many calls and frames a second. */
export function bundleCapped(): Promise<ModuleDefinition[]> {
  return bundleWorker(fileURLToPath(new URL('../../../workers/capped/relay.workerd.ts', import.meta.url)));
}

/** Limits one object to a rate. All others take any number. */
export async function setCap(relay: LocalRelay, object: string, perSecond: number): Promise<void> {
  await ask(relay, 'PUT', `rate=${perSecond}&of=${object}`);
}

/** Ends an object as a crash does. */
export async function killObject(relay: LocalRelay, object: string): Promise<void> {
  await ask(relay, 'DELETE', `objects=${object}`);
}

/** Resolves with the calls of the objects whose name begins so, since the last `setCap`. */
export async function callsTo(relay: LocalRelay, objects: string): Promise<Readonly<Record<string, number>>> {
  const all = Object.entries(await ask(relay, 'GET', `objects=${objects}`));
  return Object.fromEntries(all.flatMap(([name, { calls }]) => (calls > 0 ? [[name, calls]] : [])));
}

async function ask(relay: LocalRelay, method: string, query: string): Promise<z.infer<typeof given>> {
  return given.parse(await (await fetch(`${relay.httpUrl}/cap?${query}`, { method })).json());
}
