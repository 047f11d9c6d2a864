import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Envelope, encodeEnvelope } from '../../../proto/envelope/envelope.ts';

/** Returns a short text that only the same envelope has: comparing large ones field by field takes long. */
export function printOf(envelope: Envelope): string {
  return `${envelope.uid} ${bytesToHex(sha256(encodeEnvelope(envelope)))}`;
}
