import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { deployBundle } from '../build/deploy-bundle.ts';

/**
 * The budget of the Worker's deployed bundle, gzipped, by the kind of file. A free plan takes 3 MB, but each byte of
 * script delays a cold start. WASM is compiled once and does not delay it, so it has a budget of its own.
 */
const BUDGET_BYTES = { '.js': 316 * 1024, '.wasm': 80 * 1024 };

/** Builds the bundle of a deploy. Throws when that fails, or a kind of file exceeds its budget. */
export async function checkBundle(): Promise<void> {
  const bundle = await deployBundle();
  for (const [kind, budget] of Object.entries(BUDGET_BYTES)) {
    const files = bundle.filter(({ name }) => extname(name) === kind);
    if (files.length === 0) throw new Error(`the bundle has no ${kind} file`);
    const size = files.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
    if (size > budget) throw new Error(`the ${kind} of the bundle is ${size} bytes gzipped, its budget ${budget}`);
  }
}
