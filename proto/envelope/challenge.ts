import type { Primitives } from '../crypto/primitives.ts';
import { HASHES } from '../hashes.ts';
import type { Envelope } from './envelope-codec.ts';
import { signedString } from './signed-string.ts';

/** Returns the 16 bytes that a signature covers: MD5 over the envelope's signed string. */
export function challenge(envelope: Envelope, primitives: Pick<Primitives, 'md5'> = HASHES): Uint8Array {
  return primitives.md5(signedString(envelope));
}
