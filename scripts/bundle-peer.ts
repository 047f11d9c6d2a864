import { execFileSync } from 'node:child_process';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { noticesOf } from './third-party.ts';

/**
 * Makes of local-peer/ what its package has, for plain Node 22: a program with all its libraries in it, so that nothing
 * else is installed. What is imported when it is needed has a file of its own: text that V8 has not read takes no
 * memory, and no time at the start. npm runs it before it packs.
 */

const ROOT = join(import.meta.dirname, '..');
const PEER = join(ROOT, 'local-peer');
const DIST = join(PEER, 'dist');
// CommonJS libraries in an ES module still ask for Node's own modules by `require`.
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** The commit that is built, `-dirty` when files differ from it; '' outside of git. RMB_COMMIT tells where .git is not. */
function commit(): string {
  if (process.env.RMB_COMMIT) return process.env.RMB_COMMIT;
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=7', '--exclude', '*'];
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

async function bundle(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { main: join(PEER, 'main.ts'), 'update-program': join(PEER, 'twins/update-program.ts') },
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // Names stay: a stack trace must say something.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    inject: [join(PEER, 'node22.ts')],
    banner: { js: BANNER },
    define: { RMB_COMMIT: JSON.stringify(commit()) },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Leaves the import of the peer in the guard, under the name that the peer's bundle has beside it. */
const besideTheGuard: Plugin = {
  name: 'beside-the-guard',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './main.mjs', external: true })),
};

/** Builds the installed program on its own: it must share no file with the peer that an old Node cannot parse. */
async function buildGuard(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { 'rmb-peer': join(PEER, 'node-guard.ts') },
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node16',
    format: 'esm',
    banner: { js: '#!/usr/bin/env node' },
    plugins: [besideTheGuard],
    logLevel: 'warning',
  });
}

await rm(DIST, { recursive: true, force: true });
const metafile = await bundle();
await buildGuard();
await chmod(join(DIST, 'rmb-peer.mjs'), 0o755);
await writeFile(join(DIST, 'LICENSE'), await readFile(join(ROOT, 'LICENSE')));
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await noticesOf(metafile, ROOT));
