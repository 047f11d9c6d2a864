import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import type { ModuleDefinition } from 'miniflare';
import { bundleWorker } from '../../local-relay/bundle.ts';

/** What is measured: the service's session, and whether senders use gatherers. */
export interface Variant {
  readonly name: string;
  readonly isGathered: boolean;
  /** A service with custody packs its replies into few frames; a plain one sends a frame each. */
  readonly packs: boolean;
}

export const VARIANTS: readonly Variant[] = [
  { name: 'gatherers, packing service', isGathered: true, packs: true },
  { name: 'no gatherers, packing service', isGathered: false, packs: true },
  { name: 'gatherers, plain service', isGathered: true, packs: false },
];

const ENTRY = fileURLToPath(new URL('../../../workers/capped/relay.workerd.ts', import.meta.url));
const HOT_MS = 'const HOT_MS = 60_000;';

/** No sender ever uses a gatherer: the relay as it was before there were any. */
const COLD: Plugin = {
  name: 'without gatherers',
  setup: ({ onLoad }) => {
    onLoad({ filter: /gather\/heat\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(HOT_MS)) throw new Error(`${path} has no ${HOT_MS}`);
      return { contents: source.replace(HOT_MS, 'const HOT_MS = 0;'), loader: 'ts' };
    });
  },
};

/** Returns the relay's Worker with a cap on each object. */
export function bundleOf({ isGathered }: Variant): Promise<ModuleDefinition[]> {
  return bundleWorker(ENTRY, isGathered ? [] : [COLD]);
}
