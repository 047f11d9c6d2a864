import { execFileSync } from 'node:child_process';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { noticesOf } from './third-party.ts';

/**
 * Bundles local-peer/ for Node 22 with all its libraries, so that users install nothing else. Each dynamic import is
 * a file of its own, because text that V8 has not read takes no memory and no start time. npm runs this before it packs.
 */

const ROOT = join(import.meta.dirname, '../..');
const PEER = join(ROOT, 'local-peer');
const DIST = join(PEER, 'dist');
// CommonJS libraries in an ES module still load Node's own modules by `require`.
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** Returns the built commit, with `-dirty` when files differ; '' outside of git. RMB_COMMIT replaces it without .git. */
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
    entryPoints: {
      main: join(PEER, 'main.ts'),
      plugin: join(PEER, 'plugin.ts'),
      'update-program': join(PEER, 'chain-writer/update-program.ts'),
    },
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    // Without names a stack trace would say nothing.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: BANNER },
    define: { RMB_COMMIT: JSON.stringify(commit()) },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Keeps the guard's import of the peer external, under the file name of the peer's bundle. */
const besideTheGuard: Plugin = {
  name: 'beside-the-guard',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/main\.ts$/ }, () => ({ path: './main.mjs', external: true })),
};

/** Builds the guard separately: an old Node cannot parse a file that it shares with the peer. */
async function buildGuard(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { 'rmb-peer': join(PEER, 'cli/node-guard.ts') },
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

/** Types of `rmb-peer/plugin`. The file of the interfaces imports nothing, and is a declaration file as it is. */
async function pluginTypes(): Promise<string> {
  const interfaces = await readFile(join(ROOT, 'client/serving/plugin.ts'), 'utf8');
  return `${interfaces}\n/** Answers \`rmb.version\`. */\nexport declare const versionPlugin: Plugin;\n`;
}

await rm(DIST, { recursive: true, force: true });
const metafile = await bundle();
await buildGuard();
await chmod(join(DIST, 'rmb-peer.mjs'), 0o755);
await writeFile(join(DIST, 'plugin.d.ts'), await pluginTypes());
await writeFile(join(DIST, 'LICENSE'), await readFile(join(ROOT, 'LICENSE')));
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await noticesOf(metafile, ROOT));
