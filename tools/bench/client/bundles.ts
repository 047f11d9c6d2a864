import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { clientBundles } from '../../build/client-bundle.ts';
import { type ClientSize, sizeOf } from '../../checks/client-size.ts';

/** Builtins of Node that the npm client needs polyfills for in a page. They stay out, so a real page loads more. */
const POLYFILLED = ['buffer', 'crypto'];

/** Both clients as their users have them. */
export interface Bundles {
  /** This client's entry for Node. */
  readonly node: string;
  /** What a page loads. */
  readonly ours: ClientSize;
  readonly npm: ClientSize;
}

/** Writes the package's files into a directory, and bundles the npm client for a page. */
export async function bundleClients(directory: string, npmClient: string): Promise<Bundles> {
  const builds = await clientBundles();
  for (const { files } of builds) for (const [name, code] of files) await writeFile(join(directory, name), code);
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '${npmClient}'`,
      resolveDir: join(import.meta.dirname, '../../../test/clients'),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    external: POLYFILLED,
    legalComments: 'none',
    logLevel: 'error',
    write: false,
  });
  // One file: its import loads it all.
  const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  return { node: join(directory, 'node.mjs'), ours: sizeOf(builds), npm: { import: bytes, connected: bytes } };
}
