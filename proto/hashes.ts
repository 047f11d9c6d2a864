import { md5 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64urlnopad } from '@scure/base';
import type { Primitives } from './crypto/primitives.ts';

/** Hashes for any host, in JavaScript. They are apart from `PORTABLE`, so that a Worker's bundle does not include that. */
export const HASHES: Pick<Primitives, 'md5' | 'sha256Text'> = {
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
};
