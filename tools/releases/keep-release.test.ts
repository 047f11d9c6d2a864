import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepRelease } from './keep-release.ts';
import { lastRelease } from './kept-release.ts';

const run = promisify(execFile);
const utf8 = new TextEncoder();

const WORKER = {
  compatibilityDate: '2026-07-01',
  compatibilityFlags: ['a_flag'],
  bindings: {
    vars: { A: '1' },
    durableObjects: { TWIN: 'TwinObject' },
    kvNamespaces: ['TWINS'],
    rateLimits: ['STRANGERS'],
    versionMetadata: 'DEPLOYED',
  },
};

let root: string;
let releases: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rmb-keep-'));
  releases = join(root, 'releases');
  await git('init', '--quiet');
  await commit('0.9.0');
});
afterEach(() => rm(root, { recursive: true }));

async function git(...args: string[]): Promise<string> {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.org'];
  return (await run('git', [...who, ...args], { cwd: root })).stdout.trim();
}

/** Commits all files under a version of package.json. */
async function commit(version: string): Promise<void> {
  await writeFile(join(root, 'package.json'), JSON.stringify({ version }));
  await git('add', '--all');
  await git('commit', '--quiet', '--message', version);
}

const keep = (script: string, replaces = false) =>
  keepRelease({
    root,
    releases,
    replaces,
    worker: WORKER,
    bundle: async () => [
      { name: 'a.wasm', contents: Uint8Array.of(0, 1) },
      { name: 'relay.js', contents: utf8.encode(script) },
    ],
  });

it('keeps a bundle with its commit, and reads the last one by its version', async () => {
  await keep('// nine');
  await commit('0.10.0');
  const kept = await keep('// ten');
  const { manifest, modules, config } = await lastRelease(releases);
  expect(manifest).toEqual(kept);
  expect(manifest).toMatchObject({ format: 1, version: '0.10.0', commit: await git('rev-parse', 'HEAD'), ...WORKER });
  expect(modules).toEqual([
    { type: 'ESModule', path: 'relay.js', contents: '// ten' },
    { type: 'CompiledWasm', path: 'a.wasm', contents: Uint8Array.of(0, 1) },
  ]);
  expect(config).toEqual({
    compatibilityDate: '2026-07-01',
    compatibilityFlags: ['a_flag'],
    bindings: { A: '1' },
    durableObjects: { TWIN: { className: 'TwinObject', useSQLite: true } },
    kvNamespaces: { TWINS: { id: 'TWINS' } },
  });
});

it('refuses files that differ from the commit', async () => {
  await writeFile(join(root, 'new.ts'), '');
  await expect(keep('')).rejects.toThrow(/commit them first:\n\?\? new\.ts/);
});

it('refuses a version that is kept already, unless it is replaced', async () => {
  await keep('// one');
  await commit('0.9.0');
  await expect(keep('// two')).rejects.toThrow(/release 0\.9\.0 is kept already/);
  await keep('// two', true);
  expect((await lastRelease(releases)).modules[0]).toMatchObject({ contents: '// two' });
  expect(await readdir(releases)).toEqual(['0.9.0']);
});

it('refuses to read a file that is not the one that was kept', async () => {
  await keep('// one');
  await writeFile(join(releases, '0.9.0', 'relay.js'), '// other');
  await expect(lastRelease(releases)).rejects.toThrow('release 0.9.0: relay.js is not the file that was kept');
});
