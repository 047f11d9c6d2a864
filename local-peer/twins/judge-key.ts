import { ECDH } from 'node:crypto';
import type { Twin } from '../../proto/twin.ts';
import type { KnownTwin, TwinKey } from '../known-twin.ts';

/** Returns the record with its key judged. */
export function knownTwin({ id, account, relay, pk }: Twin): KnownTwin {
  return { id, account, relay, key: judgeKey(pk) };
}

/**
 * Returns what a `pk` on chain is good for. An empty one says that there is no key. An uncompressed point (65 bytes)
 * is valid: every client takes it.
 */
export function judgeKey(pk: Uint8Array | null): TwinKey {
  if (pk === null || pk.length === 0) return { kind: 'absent' };
  return { kind: isPoint(pk) ? 'valid' : 'broken', bytes: pk };
}

function isPoint(bytes: Uint8Array): boolean {
  const [head] = bytes;
  const isWritten = bytes.length === 33 ? head === 2 || head === 3 : bytes.length === 65 && head === 4;
  if (!isWritten) return false;
  try {
    ECDH.convertKey(bytes, 'secp256k1');
    return true;
  } catch {
    return false; // no point of the curve has this x (and y)
  }
}
