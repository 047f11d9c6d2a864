import { execFile } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = fileURLToPath(new URL('../../workers/operator/commit.js', import.meta.url));

/** Writes the module from which /version reads the commit of a bundle. */
export async function noteCommit(file = FILE, root = ROOT): Promise<void> {
  const text = `export const COMMIT = ${JSON.stringify(await commitOf(root))};\nexport const BUILT_AT = ${JSON.stringify(new Date().toISOString())};\n`;
  // A deploy that builds at the same time must not read half of it.
  const part = `${file}.${process.pid}`;
  await writeFile(part, text);
  await rename(part, file);
}

/** Returns the checked out commit, marked if files differ from it; `unknown` outside of a repository. */
async function commitOf(root: string): Promise<string> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', 'HEAD'], { cwd: root });
    const { stdout: changes } = await run('git', ['status', '--porcelain'], { cwd: root });
    return `${commit.trim()}${changes.trim() === '' ? '' : ', changed'}`;
  } catch {
    return 'unknown';
  }
}
