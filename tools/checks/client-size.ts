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
const WORDS = 'words.mjs';

/** Sizes of the client in a page, bytes. */
export interface ClientSize {
  readonly import: number;
  readonly connected: number;
}

/** Returns the sizes of what the entry `.` loads. */
export function sizeOf(builds: readonly Built[]): ClientSize {
  const files = new Map(
    builds.flatMap(({ metafile, files: written }) =>
      Object.entries(metafile.outputs).map(([path, { imports }]) => {
        const name = basename(path);
        return [name, { size: gzipSync(written.get(name) ?? '', { level: 9 }).length, imports }] as const;
      }),
    ),
  );
  if (!files.has(WORDS)) throw new Error(`${WORDS} is gone: a page loads the words without a mnemonic`);
  const sum = (isLoaded: (kind: string) => boolean): number => {
    const loaded = new Set<string>([WORDS]);
    let size = 0;
    const load = (name: string): void => {
      const file = files.get(name);
      if (file === undefined || loaded.has(name)) return;
      loaded.add(name);
      size += file.size;
      for (const { path, kind } of file.imports) if (isLoaded(kind)) load(basename(path));
    };
    load('index.mjs');
    return size;
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
