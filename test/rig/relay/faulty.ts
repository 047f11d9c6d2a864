import { fileURLToPath } from 'node:url';
import type { ModuleDefinition } from 'miniflare';
import { z } from 'zod';
import { bundleWorker } from '../../../tools/local-relay/bundle.ts';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';
import type { plans } from '../../../workers/faulty/faults.ts';

/** Faults of a relay, as workers/faulty/ makes them. */
type Plans = z.input<typeof plans>;

const used = z.array(z.object({ calls: z.number(), failed: z.number() }));

/** Returns the relay's Worker with objects that fail when they are told to. */
export function bundleFaulty(): Promise<ModuleDefinition[]> {
  return bundleWorker(fileURLToPath(new URL('../../../workers/faulty/relay.workerd.ts', import.meta.url)));
}

/** Lets calls fail until the next call of this. */
export async function fail(relay: LocalRelay, ...faults: Plans): Promise<void> {
  await (await fetch(`${relay.httpUrl}/faults`, { method: 'PUT', body: JSON.stringify(faults) })).body?.cancel();
}

/** Returns how many calls each fault has seen, and how many of them have failed. */
export async function seen(relay: LocalRelay): Promise<z.infer<typeof used>> {
  return used.parse(await (await fetch(`${relay.httpUrl}/faults`)).json());
}
