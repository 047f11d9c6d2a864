import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Built, clientBundles } from '../build/client-bundle.ts';

/** Limits of what a page loads, bytes, minified and gzipped file by file. A page on a phone waits for each of them. */
const BUDGET_BYTES = {
  /** `import 'rmb-client'`. The rest comes with `connect`, so that a page shows itself first. */
  import: 4 * 1024,
  /** All that a twin loads which signs sr25519 with a hex seed and reads the chain. The words of mnemonics come on top. */
  connected: 75 * 1024,
};
/** The file of mnemonics and their words: only a mnemonic loads it. */
const WORDS = 'proto/crypto/seed.ts';

/** Sizes of the client in a page, bytes. */
export interface ClientSize {
  readonly import: number;
  readonly connected: number;
}

/** Returns the sizes of these builds: the entry `.`, and the errors that all entries share. */
export function sizeOf(builds: ReadonlyMap<string, Built>): ClientSize {
  const files = new Map<
    string,
    { readonly size: number; readonly imports: readonly { path: string; kind: string }[] }
  >();
  let words: string | undefined;
  for (const { metafile, outputFiles } of builds.values()) {
    const sizes = new Map(
      outputFiles.map(({ path, contents }) => [basename(path), gzipSync(contents, { level: 9 }).length]),
    );
    for (const [path, { imports, entryPoint }] of Object.entries(metafile.outputs)) {
      const name = basename(path);
      if (entryPoint === WORDS && name.startsWith('index-')) words = name;
      files.set(name, { size: sizes.get(name) ?? 0, imports });
    }
  }
  if (words === undefined) throw new Error(`${WORDS} is no file of its own: a page loads it without a mnemonic`);
  const sum = (isLoaded: (kind: string) => boolean): number => {
    const loaded = new Set<string>();
    const load = (name: string): void => {
      const file = files.get(name);
      if (file === undefined || loaded.has(name) || name === words) return;
      loaded.add(name);
      for (const { path, kind } of file.imports) if (isLoaded(kind)) load(basename(path));
    };
    load('index.mjs');
    return [...loaded].reduce((total, name) => total + (files.get(name)?.size ?? 0), 0);
  };
  return { import: sum((kind) => kind === 'import-statement'), connected: sum(() => true) };
}

/** Bundles the client. Throws when a page loads more than its budget. */
export async function checkClientSize(): Promise<void> {
  const size = sizeOf(await clientBundles());
  for (const part of ['import', 'connected'] as const) {
    if (size[part] > BUDGET_BYTES[part]) {
      throw new Error(`a page loads ${size[part]} bytes (${part}), its budget is ${BUDGET_BYTES[part]}`);
    }
  }
}

if (import.meta.main) console.log(sizeOf(await clientBundles()));
