import { gcm } from '@noble/ciphers/webcrypto.js';
import { randomBytes } from '@noble/hashes/utils.js';
import type { Primitives } from './primitives.ts';

/** AES-GCM for any host, by WebCrypto. It is apart from `PORTABLE`, so that it loads without the curves. */
export const GCM: Pick<Primitives, 'encrypt' | 'decrypt' | 'random'> = {
  encrypt: (key, nonce, plain) => gcm(key, nonce).encrypt(plain),

  async decrypt(key, nonce, cipher) {
    try {
      return await gcm(key, nonce).decrypt(cipher);
    } catch {
      // A wrong tag, or a cipher that is too short. A caller must not see which.
      return undefined;
    }
  },

  random: randomBytes,
};
