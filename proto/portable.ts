import { gcm } from '@noble/ciphers/webcrypto.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { md5 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { base64urlnopad } from '@scure/base';
import * as sr25519 from '@scure/sr25519';
import { ed25519Signer, verifyEd25519 } from './ed25519.ts';
import type { Primitives } from './primitives.ts';

/** Primitives for any host: JavaScript, and WebCrypto where it has what is needed. */
export const PORTABLE: Primitives = {
  async signer(seed, scheme) {
    if (scheme === 'ed25519') return { account: ed25519.getPublicKey(seed), sign: await ed25519Signer(seed) };
    const secret = sr25519.secretFromSeed(seed);
    return { account: sr25519.getPublicKey(secret), sign: async (message) => sr25519.sign(secret, message) };
  },

  async verify(scheme, account, message, signature) {
    if (scheme === 'ed25519') return await verifyEd25519(account, message, signature);
    try {
      return sr25519.verify(message, signature, account);
    } catch {
      // No schnorrkel signature (its marker bit is missing), or bytes that are no point: a stranger may send either.
      return false;
    }
  },

  agreement(secret) {
    return {
      publicKey: secp256k1.getPublicKey(secret, true),
      // Without the first byte, which tells the sign of y.
      sharedKey: (publicKey) => sha256(secp256k1.getSharedSecret(secret, publicKey, true).subarray(1)),
    };
  },

  encrypt: (key, nonce, plain) => gcm(key, nonce).encrypt(plain),

  async decrypt(key, nonce, cipher) {
    try {
      return await gcm(key, nonce).decrypt(cipher);
    } catch {
      // A wrong tag and a cipher shorter than nonce and tag end here; which of them it is must not be told apart.
      return undefined;
    }
  },

  md5(parts) {
    const hash = md5.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },

  sha256Text(parts) {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return base64urlnopad.encode(hash.digest());
  },

  random: randomBytes,
};
