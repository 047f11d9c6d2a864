import { verifyEd25519 } from '../proto/crypto/ed25519.ts';
import type { Primitives } from '../proto/crypto/primitives.ts';
import { isStrictSr25519 } from '../proto/crypto/sr25519.ts';

type Verify = (account: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The package's own JavaScript compiles its WASM from bytes, which a Worker forbids: these exports of it verify. */
const EXPORTS = ['__wbindgen_malloc', 'sr25519_verify'] as const;

/**
 * Returns a function that verifies sr25519 by Rust's schnorrkel.
 * @param module of @polkadot-labs/schnorrkel-wasm
 */
function schnorrkelVerifier(module: WebAssembly.Module): Verify {
  let verify: Verify | undefined;
  return (account, message, signature) => {
    if (!isStrictSr25519(account, signature)) return false;
    verify ??= instantiate(module);
    try {
      return verify(account, message, signature);
    } catch (error) {
      // Rust panics on a key that is no point, and leaves its memory as it was: the next signature gets a new one.
      verify = undefined;
      if (error instanceof WebAssembly.RuntimeError) return false;
      throw error;
    }
  };
}

/**
 * Returns how a Worker verifies: ed25519 by WebCrypto, sr25519 by Rust's schnorrkel.
 * @param module of @polkadot-labs/schnorrkel-wasm
 */
export function workerVerify(module: WebAssembly.Module): Primitives['verify'] {
  const verifySr25519 = schnorrkelVerifier(module);
  return async (scheme, account, message, signature) =>
    scheme === 'ed25519'
      ? await verifyEd25519(account, message, signature)
      : verifySr25519(account, message, signature);
}

function instantiate(module: WebAssembly.Module): Verify {
  const { exports } = new WebAssembly.Instance(module, importsOf(module));
  const [malloc, verify] = EXPORTS.map((name) => exports[name]);
  const { memory } = exports;
  if (typeof malloc !== 'function' || typeof verify !== 'function' || !(memory instanceof WebAssembly.Memory)) {
    throw new Error('schnorrkel-wasm does not have the exports that this relay was made for');
  }
  /** Copies bytes into memory that the call frees, as wasm-bindgen passes a slice. */
  const passed = (bytes: Uint8Array): [number, number] => {
    const at = Number(malloc(bytes.length, 1)) >>> 0;
    // A new view for each: memory that has grown is another buffer.
    new Uint8Array(memory.buffer).set(bytes, at);
    return [at, bytes.length];
  };
  return (account, message, signature) => verify(...passed(account), ...passed(message), ...passed(signature)) !== 0;
}

/** Randomness and the text of panics are for signing and for consoles: a verification never calls the host. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => never>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    imports[space] = {
      ...imports[space],
      [name]: () => {
        throw new Error(`schnorrkel-wasm called ${name}`);
      },
    };
  }
  return imports;
}
