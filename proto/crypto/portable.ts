import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import * as sr25519 from '@scure/sr25519';
import { HASHES } from '../hashes.ts';
import { ed25519Signer, verifyEd25519 } from './ed25519.ts';
import type { Primitives } from './primitives.ts';
import { publicKeyOf, sharedX } from './secp256k1.ts';
import { isStrictSr25519 } from './sr25519.ts';

const AES = 'AES-GCM';

/** Returns a copy, because WebCrypto refuses views on shared memory. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function aesKey(key: Uint8Array, usage: 'encrypt' | 'decrypt') {
  return crypto.subtle.importKey('raw', owned(key), AES, false, [usage]);
}

/** Primitives for any host: JavaScript, and WebCrypto where it has the algorithm. */
export const PORTABLE: Primitives = {
  async signer(seed, scheme) {
    if (scheme === 'ed25519') return { account: ed25519.getPublicKey(seed), sign: await ed25519Signer(seed) };
    const secret = sr25519.secretFromSeed(seed);
    return { account: sr25519.getPublicKey(secret), sign: async (message) => sr25519.sign(secret, message) };
  },

  async verify(scheme, account, message, signature) {
    if (scheme === 'ed25519') return await verifyEd25519(account, message, signature);
    if (!isStrictSr25519(account, signature)) return false;
    try {
      return sr25519.verify(message, signature, account);
    } catch {
      // Bytes that are no point. A stranger may send them as a key or a commitment.
      return false;
    }
  },

  agreement: (secret) => ({
    publicKey: publicKeyOf(secret),
    sharedKey: (publicKey) => sha256(sharedX(secret, publicKey)),
  }),

  async encrypt(key, nonce, plain) {
    const how = { name: AES, iv: owned(nonce) };
    return new Uint8Array(await crypto.subtle.encrypt(how, await aesKey(key, 'encrypt'), owned(plain)));
  },

  async decrypt(key, nonce, cipher) {
    const how = { name: AES, iv: owned(nonce) };
    const imported = await aesKey(key, 'decrypt');
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how, imported, owned(cipher)));
    } catch {
      // A wrong tag, or a cipher that is too short. A caller must not see which.
      return undefined;
    }
  },

  ...HASHES,
  random: randomBytes,
};
