import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { clientBundles, DIST } from './client-bundle.ts';
import { noticesOf } from './third-party.ts';

/** Writes client/dist/: bundles, declarations and licences. npm runs this before it packs. */

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'client');
const TSC = join(ROOT, 'node_modules/.bin/tsc');

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST);
const builds = await clientBundles();
for (const { files } of builds) for (const [name, code] of files) await writeFile(join(DIST, name), code);
const outputs = Object.assign({}, ...builds.map(({ metafile }) => metafile.outputs));
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await noticesOf({ inputs: {}, outputs }, ROOT));
await writeFile(join(DIST, 'LICENSE'), await readFile(join(ROOT, 'LICENSE')));
await writeTypes();

/** Writes the declarations that an entry reaches; the compiler also writes those of every file behind them. */
async function writeTypes(): Promise<void> {
  const all = join(DIST, 'types');
  execFileSync(TSC, ['-p', join(CLIENT, 'tsconfig.types.json')], { stdio: 'inherit' });
  const manifest = JSON.parse(await readFile(join(CLIENT, 'package.json'), 'utf8'));
  const reached = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (reached.has(path)) return;
    const text = (await readFile(path, 'utf8')).replaceAll(/(from |import\()'(\.[^']+)\.ts'/g, "$1'$2.js'");
    reached.set(path, text);
    const [, library] = /(?:from |import\()'([^.'][^']*)'/.exec(text) ?? [];
    if (library !== undefined) throw new Error(`${path} needs the types of ${library}, which nobody installs`);
    for (const [, file = ''] of text.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g)) {
      await visit(join(dirname(path), `${file}.d.ts`));
    }
  };
  for (const entry of Object.values<{ types: string } | string>(manifest.exports)) {
    if (typeof entry !== 'string') await visit(join(CLIENT, entry.types));
  }
  await rm(all, { recursive: true });
  for (const [path, text] of reached) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
