import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Fills the KV namespace of a local relay as an operator fills the real one: by `npm run prewarm` and wrangler. Returns the
 * directory for `startRelay`'s `persist`.
 */
export async function prewarmLocally(directory: string, nodeUrl: string): Promise<string> {
  const out = join(directory, 'prewarm.json');
  const store = join(directory, 'store');
  const options = { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } };
  await run(process.execPath, ['tools/prewarm/main.ts', '--node', nodeUrl, '--out', out], options);
  const put = ['kv', 'bulk', 'put', out, '--local', '--persist-to', store, '--binding', 'TWINS'];
  await run(join(ROOT, 'node_modules/.bin/wrangler'), put, options);
  return join(store, 'v3');
}
