import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { BundleFile } from '../build/deploy-bundle.ts';
import { MANIFEST, type Manifest, manifestSchema, type workerOf } from './manifest.ts';

const run = promisify(execFile);

/** What a release is kept from, and where. */
export interface KeepPort {
  /** The repository. */
  readonly root: string;
  /** The folder of all kept releases. */
  readonly releases: string;
  /** Whether a kept release of this version is replaced: only one that was never deployed. */
  readonly replaces: boolean;
  readonly worker: ReturnType<typeof workerOf>;
  bundle(): Promise<readonly BundleFile[]>;
}

const packageSchema = z.object({ version: z.string() });

/**
 * Writes the bundle of the checked out commit as a kept release. Returns its manifest.
 * Throws when files differ from the commit, or the version is kept already.
 */
export async function keepRelease({ root, releases, replaces, worker, bundle }: KeepPort): Promise<Manifest> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: root })).stdout.trim();
  const changes = await git('status', '--porcelain');
  if (changes !== '') throw new Error(`these files differ from the commit; commit them first:\n${changes}`);
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const folder = join(releases, version);
  if (!replaces && (await exists(folder))) {
    throw new Error(
      `release ${version} is kept already; raise the version in package.json, or add --replace if it was never deployed`,
    );
  }
  const files = scriptFirst(await bundle());
  const manifest = manifestSchema.parse({
    format: 1,
    version,
    commit: await git('rev-parse', 'HEAD'),
    keptAt: new Date().toISOString(),
    files: files.map(({ name, contents }) => ({ name, bytes: contents.length, sha256: sha256Of(contents) })),
    ...worker,
  });
  // Complete, or not there: half a release would be taken for the last one.
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  for (const { name, contents } of files) await writeFile(join(part, name), contents);
  await writeFile(join(part, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(part, folder);
  return manifest;
}

/** Returns the SHA-256 of a file, in hex. */
export function sha256Of(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

function scriptFirst(files: readonly BundleFile[]): BundleFile[] {
  const isScript = ({ name }: BundleFile) => name.endsWith('.js');
  return [...files.filter(isScript), ...files.filter((file) => !isScript(file))];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
