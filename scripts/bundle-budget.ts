import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

/** The Worker as a deploy would send it, gzipped: a free plan takes 3 MB, a cold start pays for each byte. */
const BUDGET_BYTES = 302 * 1024;

const run = promisify(execFile);

/** Builds what a deploy would send. @throws when that fails, or the bundle is larger than its budget */
export async function checkBundle(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-bundle-'));
  try {
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
    await run('wrangler', ['deploy', '--dry-run', '--outdir', directory], { env });
    const size = gzipSync(await readFile(join(directory, 'relay.js'))).length;
    if (size > BUDGET_BYTES) throw new Error(`the bundle is ${size} bytes gzipped, its budget ${BUDGET_BYTES}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
