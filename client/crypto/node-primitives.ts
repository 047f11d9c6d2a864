import { getFips, hash } from 'node:crypto';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import type { Primitives } from '../../proto/crypto/primitives.ts';
import { decrypt, encrypt } from './aes-gcm.ts';
import { agreementOf } from './agreement.ts';
import { ed25519Signer, verifyEd25519 } from './ed25519.ts';
import { random } from './random.ts';

/** A fifth of the time that it takes in JavaScript; an OpenSSL that keeps to FIPS 140 has none. */
function md5(parts: readonly Uint8Array[]): Uint8Array {
  return hash('md5', Buffer.concat(parts), 'buffer');
}

/** Returned as text at once: a buffer would cost more than the hash. */
function sha256Text(parts: readonly Uint8Array[]): string {
  return hash('sha256', Buffer.concat(parts), 'base64url');
}

/** Primitives of Node: OpenSSL, and for sr25519 Rust's schnorrkel as WASM, which loads with the first key or signature. */
export function nodePrimitives(): Primitives {
  let loading: Promise<typeof import('./sr25519.ts')> | undefined;
  const sr25519 = () => {
    loading ??= import('./sr25519.ts');
    return loading;
  };
  return {
    signer: async (seed, scheme) =>
      scheme === 'ed25519' ? ed25519Signer(seed) : (await sr25519()).sr25519Signer(seed),
    verify: async (scheme, account, message, signature) =>
      scheme === 'ed25519'
        ? verifyEd25519(account, message, signature)
        : (await sr25519()).verifySr25519(account, message, signature),
    agreement: agreementOf,
    encrypt: async (key, nonce, plain) => encrypt(key, nonce, plain),
    decrypt: async (key, nonce, cipher) => decrypt(key, nonce, cipher),
    md5: getFips() === 1 ? PORTABLE.md5 : md5,
    sha256Text,
    random,
  };
}
