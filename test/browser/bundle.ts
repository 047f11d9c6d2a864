import { build } from 'esbuild';

/**
 * Bundles an entry of a few lines into one ES module, for a host without file system.
 * `conditions` are the names by which that host picks files of a package, in its order.
 */
export async function bundleEntry(contents: string, conditions: readonly string[]): Promise<string> {
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    conditions: [...conditions],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error('esbuild wrote nothing');
  return file.text;
}
