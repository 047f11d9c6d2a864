import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import type { ModuleDefinition } from 'miniflare';
import { bundleWorker } from '../../../tools/local-relay/bundle.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A change of one expression in one source file, by which the relay loses a rule. */
export interface Mutation {
  /** Path from the repository's root. */
  readonly file: string;
  /** A text that the file holds exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Returns the source with the change in it.
 * @throws when the text is not in the source exactly once
 */
export function mutated(source: string, { file, find, replace }: Mutation): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`${file}: ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}

/**
 * Bundles the Worker with the change in it.
 * @throws when the text is not in the file exactly once, or the file is not part of the Worker
 */
export async function bundleMutant(entry: string, mutation: Mutation): Promise<ModuleDefinition[]> {
  const { file } = mutation;
  const path = join(ROOT, file);
  let isDone = false;
  const plugin: Plugin = {
    name: 'mutation',
    setup: (build) =>
      build.onLoad({ filter: /\.ts$/ }, async (loaded) => {
        if (loaded.path !== path) return undefined;
        isDone = true;
        return { contents: mutated(await readFile(path, 'utf8'), mutation), loader: 'ts' };
      }),
  };
  const modules = await bundleWorker(entry, [plugin]);
  if (!isDone) throw new Error(`${file} is not part of the Worker`);
  return modules;
}
