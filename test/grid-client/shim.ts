import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The version that grid_client asks for. */
const VERSION = '2.9.2';

/**
 * Writes a package that replaces @threefold/rmb_direct_client: its root is `rmb-client/compat`. grid_client requires
 * the root from CommonJS, which takes an ES module by its `default` condition, as it awaits nothing at its top.
 * @param folder where the package goes
 */
export async function writeShim(folder: string): Promise<void> {
  const manifest = {
    name: '@threefold/rmb_direct_client',
    version: VERSION,
    type: 'module',
    exports: { '.': { default: './index.js' } },
    peerDependencies: { 'rmb-client': '*' },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(folder, 'index.js'), "export * from 'rmb-client/compat';\n");
}
