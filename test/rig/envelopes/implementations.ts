import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodePrimitives } from '../../../client/crypto/node-primitives.ts';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import type { Primitives } from '../../../proto/crypto/primitives.ts';
import { workerVerify } from '../../../workers/schnorrkel.ts';

const WASM = fileURLToPath(
  new URL('../../../node_modules/@polkadot-labs/schnorrkel-wasm/dist/nodejs/schnorrkel_bg.wasm', import.meta.url),
);

/** The peer's. */
export const NODE = nodePrimitives();

/** The Worker's, on Node: only who compiles the WASM differs. */
export const WORKER: Primitives = {
  ...PORTABLE,
  verify: workerVerify(new WebAssembly.Module(readFileSync(WASM))),
};

/** Every implementation of proto's port, by its name: each must accept and refuse the same. */
export const IMPLEMENTATIONS: readonly (readonly [string, Primitives])[] = [
  ['portable', PORTABLE],
  ['Node', NODE],
  ['Worker', WORKER],
];
