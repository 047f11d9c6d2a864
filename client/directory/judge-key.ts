import { isPublicKey } from '../../proto/crypto/secp256k1.ts';
import type { Twin } from '../../proto/twin.ts';
import type { KnownTwin, TwinKey } from './known-twin.ts';

/** Returns the record with its key judged. */
export function knownTwin({ id, account, relay, pk }: Twin): KnownTwin {
  return { id, account, relay, key: judgeKey(pk) };
}

/**
 * Judges a `pk` on chain. An empty one means that there is no key. An uncompressed point (65 bytes) is valid: every
 * client takes it.
 */
export function judgeKey(pk: Uint8Array | null): TwinKey {
  if (pk === null || pk.length === 0) return { kind: 'absent' };
  return { kind: isPublicKey(pk) ? 'valid' : 'broken', bytes: pk };
}
