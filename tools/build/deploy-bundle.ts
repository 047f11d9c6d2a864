import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const run = promisify(execFile);

/** A file that a deploy uploads. */
export interface BundleFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

/** Returns the files that `npm run deploy` uploads: the script, and the WASM that it imports. Throws when the build fails. */
export async function deployBundle(): Promise<BundleFile[]> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-bundle-'));
  try {
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
    await run('wrangler', ['deploy', '--dry-run', '--env=', '--outdir', directory], { cwd: ROOT, env });
    const names = (await readdir(directory)).filter((name) => /\.(?:js|wasm)$/.test(name)).sort();
    return await Promise.all(
      names.map(async (name) => ({ name, contents: new Uint8Array(await readFile(join(directory, name))) })),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
