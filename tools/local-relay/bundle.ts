import { basename } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { ModuleDefinition } from 'miniflare';

/**
 * Bundles the Worker as a deploy does: one ES module and the WASM that it imports, resolved with the conditions of
 * workerd. It is built in memory, so that two relays started together never share a file.
 * @param plugins of esbuild, for a Worker that differs from the deployed one
 */
export async function bundleWorker(entry: string, plugins: Plugin[] = []): Promise<ModuleDefinition[]> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outdir: '.',
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    // The commit of the last deploy, if there was one here, is not that of this bundle.
    external: ['cloudflare:*', 'node:*', '*/commit.js'],
    loader: { '.wasm': 'copy' },
    sourcemap: 'inline',
    // Three quarters of the module otherwise, which Miniflare and workerd read at each start.
    sourcesContent: false,
    logLevel: 'silent',
    plugins,
  });
  return modulesOf(result.outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })));
}

/** Returns what workerd loads: the script first, as the module that it starts with. */
export function modulesOf(
  files: readonly { readonly name: string; readonly contents: Uint8Array }[],
): ModuleDefinition[] {
  const script = files.find(({ name }) => name.endsWith('.js'));
  if (script === undefined) throw new Error('the bundle has no script');
  return [
    { type: 'ESModule', path: script.name, contents: Buffer.from(script.contents).toString() },
    ...files.flatMap(({ name, contents }): ModuleDefinition[] =>
      name.endsWith('.wasm') ? [{ type: 'CompiledWasm', path: name, contents: new Uint8Array(contents) }] : [],
    ),
  ];
}
