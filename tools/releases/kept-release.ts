import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleDefinition } from 'miniflare';
import { modulesOf } from '../local-relay/bundle.ts';
import type { WorkerConfig } from '../local-relay/relay.ts';
import { sha256Of } from './keep-release.ts';
import { MANIFEST, type Manifest, manifestSchema } from './manifest.ts';

/** The folder of all kept releases; each has its version as its name. */
export const RELEASES = fileURLToPath(new URL('../../test/releases/', import.meta.url));

/** A release of the relay that can be started. */
export interface KeptRelease {
  readonly manifest: Manifest;
  /** The script first. */
  readonly modules: ModuleDefinition[];
  /** What it was deployed with. */
  readonly config: WorkerConfig;
}

/** Reads the last kept release. Throws when there is none, or a file is not the one that was kept. */
export async function lastRelease(releases = RELEASES): Promise<KeptRelease> {
  const versions = (await readdir(releases)).filter((name) => /^\d+\.\d+\.\d+$/.test(name)).sort(byVersion);
  const version = versions.at(-1);
  if (version === undefined) throw new Error(`no release is kept in ${releases}: npm run keep-release`);
  const folder = join(releases, version);
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')));
  const files = await Promise.all(
    manifest.files.map(async ({ name, sha256 }) => {
      const contents = new Uint8Array(await readFile(join(folder, name)));
      if (sha256Of(contents) !== sha256) throw new Error(`release ${version}: ${name} is not the file that was kept`);
      return { name, contents };
    }),
  );
  return { manifest, modules: modulesOf(files), config: configOf(manifest) };
}

/** Compares 0.10.0 and 0.9.0 as numbers. */
function byVersion(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  const differing = x?.findIndex((part, n) => part !== y?.[n]) ?? -1;
  return differing < 0 ? 0 : (x?.[differing] ?? 0) - (y?.[differing] ?? 0);
}

function configOf({ compatibilityDate, compatibilityFlags, bindings }: Manifest): WorkerConfig {
  const { vars, durableObjects, kvNamespaces } = bindings;
  return {
    compatibilityDate,
    compatibilityFlags,
    bindings: vars,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([name, className]) => [name, { className, useSQLite: true }]),
    ),
    kvNamespaces: Object.fromEntries(kvNamespaces.map((name) => [name, { id: name }])),
  };
}
