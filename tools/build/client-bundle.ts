import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { type BuildResult, build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'client');

/**
 * Entries of the package, by their name in dist/. Each is bundled alone: entries that share their parts would cut the
 * client into twenty files, which a page loads one after another.
 */
const ENTRIES = {
  index: 'index.ts',
  node: 'node.ts',
  'web-worker': 'browser/worker-signer.ts',
  'web-worker-script': 'browser/worker-script.ts',
  'browser-keys': 'browser/keys.ts',
} as const;
/** It is one file, which the build of a page can copy to another place. */
const WHOLE = 'web-worker-script';
/** It is a file of its own, so that an `RmbError` is the same class whichever entry it comes from. */
const SHARED = 'errors';

/** Puts the part of protobufjs that the codec needs in its place: 1 KB gzip for 11. */
export const protobufOfPages: Plugin = {
  name: 'protobuf-of-pages',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^protobufjs\/minimal\.js$/ }, () => ({ path: join(CLIENT, 'wire/protobuf.ts') })),
};

/** @scure/sr25519 brings its own copy of the curves, one minor version older: 13 KB gzip for what is there already. */
const oneCopyOfCurves: Plugin = {
  name: 'one-copy-of-curves',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /^@noble\// }, ({ path, importer, kind, pluginData }) =>
      pluginData === undefined && importer.includes('@scure/sr25519')
        ? resolve(path, { kind, resolveDir: ROOT, pluginData: 'resolved' })
        : undefined,
    ),
};

/** `ws` is CommonJS, which has no `require` in an ES module. */
const builtinsOfCommonJs: Plugin = {
  name: 'builtins-of-commonjs',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/** Leaves the shared file out of the other bundles. */
const sharedErrors: Plugin = {
  name: 'shared-errors',
  setup: ({ onResolve }) =>
    onResolve({ filter: /(^|\/)errors\.ts$/ }, ({ path, resolveDir }) =>
      join(resolveDir, path) === join(CLIENT, 'errors.ts') ? { path: `./${SHARED}.mjs`, external: true } : undefined,
    ),
};

/** A build whose files are in memory. */
export type Built = BuildResult<{ metafile: true; write: false }>;

function bundle(name: string, file: string, plugins: readonly Plugin[]): Promise<Built> {
  return build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: join(CLIENT, file) },
    outdir: join(CLIENT, 'dist'),
    outExtension: { '.js': '.mjs' },
    chunkNames: `${name}-[hash]`,
    bundle: true,
    // Each dynamic import is a file of its own: a page loads only what it uses.
    splitting: name !== WHOLE,
    // Pages, Workers and Node read the same files: no library may choose one for Node.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*'],
    target: 'es2022',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    plugins: [protobufOfPages, oneCopyOfCurves, builtinsOfCommonJs, ...plugins],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
}

/** Bundles client/ into ES modules with all their libraries; one build an entry, by its name. */
export async function clientBundles(): Promise<ReadonlyMap<string, Built>> {
  const entries = Object.entries(ENTRIES).map(
    async ([name, file]) => [name, await bundle(name, file, [sharedErrors])] as const,
  );
  return new Map(
    await Promise.all([...entries, bundle(SHARED, 'errors.ts', []).then((built) => [SHARED, built] as const)]),
  );
}
