import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const COMMITTED = 'workers/worker-configuration.d.ts';
const run = promisify(execFile);

/** The lines that say something: the header names the path that was written to, and a hash over it. */
function declarations(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('\n')
    .replaceAll(/import\("[^"]*relay"\)/g, 'import("relay")');
}

/** @throws when wrangler.toml has bindings that the committed types do not */
export async function checkWorkerTypes(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-types-'));
  try {
    const fresh = join(directory, 'worker.d.ts');
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false' };
    await run('wrangler', ['types', '--strict-vars=false', '--include-runtime=false', fresh], { env });
    const [now, then] = [await readFile(fresh, 'utf8'), await readFile(COMMITTED, 'utf8')].map(declarations);
    if (now !== then) throw new Error(`${COMMITTED} is not what wrangler.toml gives`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
