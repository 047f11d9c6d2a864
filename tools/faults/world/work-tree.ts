import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MOST_BYTES = 2 ** 30;

/** The files of a commit, beside the packages of this work tree. */
export interface WorkTree extends AsyncDisposable {
  readonly root: URL;
}

/** Writes the files of a commit to a folder that is removed in the end. */
export async function openWorkTree(commit: string): Promise<WorkTree> {
  const folder = await mkdtemp(join(tmpdir(), 'rmb-before-'));
  const files = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: MOST_BYTES });
  execFileSync('tar', ['-x', '-C', folder], { input: files });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    root: pathToFileURL(`${folder}/`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
