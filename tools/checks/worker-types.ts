import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const COMMITTED = 'workers/worker-configuration.d.ts';
const run = promisify(execFile);

/** Returns the lines without the header, which contains the path of the file and a hash. */
function declarations(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('\n')
    .replaceAll(/import\("[^"]*relay"\)/g, 'import("relay")');
}

/** Throws when the committed types are stale. */
export async function checkWorkerTypes(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-types-'));
  try {
    const fresh = join(directory, 'worker.d.ts');
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
    await run('wrangler', ['types', '--strict-vars=false', '--include-runtime=false', fresh], { env });
    const [now, then] = [await readFile(fresh, 'utf8'), await readFile(COMMITTED, 'utf8')].map(declarations);
    if (now !== then) throw new Error(`${COMMITTED} is stale: wrangler.toml has other bindings`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
