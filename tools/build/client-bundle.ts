import { isBuiltin } from 'node:module';
import { basename, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { minify } from 'rolldown/utils';

const ROOT = join(import.meta.dirname, '../..');
const CLIENT = join(ROOT, 'client');
/** Where the package's files go. */
export const DIST = join(CLIENT, 'dist');

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
  testing: 'testing.ts',
  compat: 'compat/index.ts',
} as const;
/** It is one file, which the build of a page can copy to another place. */
const WHOLE = 'web-worker-script';
/** Files that entries share: an `RmbError` is one class, whichever entry it comes from, and few load the words. */
const SHARED: Readonly<Record<string, string>> = {
  errors: join(CLIENT, 'errors.ts'),
  words: join(ROOT, 'proto/crypto/seed.ts'),
};

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

/** Leaves shared files out of a bundle. */
const besideTheOthers: Plugin = {
  name: 'beside-the-others',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => {
      const [name] = Object.entries(SHARED).find(([, file]) => file === join(resolveDir, path)) ?? [];
      return name === undefined ? undefined : { path: `./${name}.mjs`, external: true };
    }),
};

/** A build whose files are in memory, by their name in dist/. */
export interface Built {
  readonly metafile: Metafile;
  readonly files: ReadonlyMap<string, string>;
}

async function bundle(name: string, entryPoint: string, plugins: readonly Plugin[]): Promise<Built> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: entryPoint },
    outdir: DIST,
    outExtension: { '.js': '.mjs' },
    chunkNames: `${name}-[hash]`,
    bundle: true,
    // Each dynamic import is a file of its own: a page loads only what it uses.
    splitting: name !== WHOLE,
    // Pages, Workers and Node read the same files: no library may choose one for Node.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // Only `compat` may need polkadot's library, and only programs that have it: grid_client does.
    external: ['node:*', '@polkadot/api'],
    target: 'es2022',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    plugins: [protobufOfPages, oneCopyOfCurves, builtinsOfCommonJs, ...plugins],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  // A second minifier finds 2.5 KB gzip more.
  const files = outputFiles.map(async ({ path, text }) => {
    const { code } = await minify(path, text, { module: true });
    return [basename(path), code] as const;
  });
  return { metafile, files: new Map(await Promise.all(files)) };
}

/** Bundles client/ into ES modules with all their libraries: one build an entry, and one a shared file. */
export async function clientBundles(): Promise<readonly Built[]> {
  const entries = Object.entries(ENTRIES).map(([name, file]) =>
    bundle(name, join(CLIENT, file), name === WHOLE ? [] : [besideTheOthers]),
  );
  const shared = Object.entries(SHARED).map(([name, file]) => bundle(name, file, []));
  return Promise.all([...entries, ...shared]);
}
