// By its path, as the package exports its JavaScript alone. A deploy compiles it, by wrangler's rule for *.wasm.
import schnorrkel from '../node_modules/@polkadot-labs/schnorrkel-wasm/dist/nodejs/schnorrkel_bg.wasm';
import { workerVerify } from './schnorrkel.ts';

/** Verifies signatures, as proto's port has it. */
export const verify = workerVerify(schnorrkel);
