import { build, type Plugin } from 'esbuild';

/**
 * Bundles the Worker as a deploy does: one ES module, resolved with the conditions of workerd. Built in
 * memory, so that two relays started at once never share a file.
 * @param plugins of esbuild, for a Worker that differs from the deployed one
 */
export async function bundleWorker(entry: string, plugins: Plugin[] = []): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    sourcemap: 'inline',
    logLevel: 'silent',
    plugins,
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`bundling ${entry} gave no output`);
  return file.text;
}
