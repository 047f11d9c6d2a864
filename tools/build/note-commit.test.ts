import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { noteCommit } from './note-commit.ts';

const run = promisify(execFile);

it('notes the commit, whether files differ from it, and that there is no repository', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rmb-commit-'));
  const root = join(directory, 'repository');
  let read = 0;
  const commit = async (at: string) => {
    const file = join(directory, `commit-${read++}.mjs`);
    await noteCommit(file, at);
    const noted: { COMMIT: string; BUILT_AT: string } = await import(/* @vite-ignore */ file);
    expect(Math.abs(Date.now() - Date.parse(noted.BUILT_AT))).toBeLessThan(3_600_000);
    return noted.COMMIT;
  };
  const git = (...args: string[]) => run('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args]);
  expect(await commit(directory)).toBe('unknown');
  await run('git', ['init', '-q', root]);
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  expect(await commit(root)).toMatch(/^[0-9a-f]{40}$/);
  await writeFile(join(root, 'new'), '');
  expect(await commit(root)).toMatch(/^[0-9a-f]{40}, changed$/);
  await rm(directory, { recursive: true });
});
