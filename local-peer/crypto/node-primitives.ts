import { getFips, hash } from 'node:crypto';
import { PORTABLE } from '../../proto/portable.ts';
import type { Primitives } from '../../proto/primitives.ts';
import { decrypt, encrypt } from './aes-gcm.ts';
import { agreementOf } from './agreement.ts';
import { ed25519Signer, ed25519Verifier } from './ed25519.ts';
import { random } from './random.ts';
import { openSr25519, type Sr25519 } from './sr25519.ts';

/** A fifth of the time that it takes in JavaScript; an OpenSSL that keeps to FIPS 140 has none. */
function md5(parts: readonly Uint8Array[]): Uint8Array {
  return hash('md5', Buffer.concat(parts), 'buffer');
}

/** Returned as text at once: a buffer would cost more than the hash. */
function sha256Text(parts: readonly Uint8Array[]): string {
  return hash('sha256', Buffer.concat(parts), 'base64url');
}

/** Primitives of Node: OpenSSL, and libsodium's WASM for sr25519 as soon as somebody uses that. */
export function nodePrimitives(): Primitives {
  const verifyEd25519 = ed25519Verifier();
  let opening: Promise<Sr25519> | undefined;
  const sr25519 = () => {
    opening ??= openSr25519();
    return opening;
  };
  return {
    signer: async (seed, scheme) => (scheme === 'ed25519' ? ed25519Signer(seed) : (await sr25519()).signer(seed)),
    verify: async (scheme, account, message, signature) =>
      scheme === 'ed25519'
        ? verifyEd25519(account, message, signature)
        : (await sr25519()).verify(account, message, signature),
    agreement: agreementOf,
    encrypt: async (key, nonce, plain) => encrypt(key, nonce, plain),
    decrypt: async (key, nonce, cipher) => decrypt(key, nonce, cipher),
    md5: getFips() === 1 ? PORTABLE.md5 : md5,
    sha256Text,
    random,
  };
}
