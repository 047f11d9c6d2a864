import { gcm } from '@noble/ciphers/webcrypto.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import * as sr25519 from '@scure/sr25519';
import { HASHES } from '../hashes.ts';
import { ed25519Signer, verifyEd25519 } from './ed25519.ts';
import type { Primitives } from './primitives.ts';
import { publicKeyOf, sharedX } from './secp256k1.ts';
import { isStrictSr25519 } from './sr25519.ts';

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

  encrypt: (key, nonce, plain) => gcm(key, nonce).encrypt(plain),

  async decrypt(key, nonce, cipher) {
    try {
      return await gcm(key, nonce).decrypt(cipher);
    } catch {
      // A wrong tag, or a cipher that is too short. A caller must not see which.
      return undefined;
    }
  },

  ...HASHES,
  random: randomBytes,
};
