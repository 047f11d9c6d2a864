import { hexToBytes } from '@noble/hashes/utils.js';
import { err, ok, type Result } from '../result.ts';

/** Why a secret is invalid. `detail` says what to correct, and never repeats the secret. */
export interface SeedFault {
  readonly reason: 'seed';
  readonly detail: string;
}

/** Returns the 32-byte seed of `0x` and 64 hex digits; undefined for a secret without `0x`, which is a mnemonic. */
export function hexSeed(secret: string): Result<Uint8Array, SeedFault> | undefined {
  const trimmed = secret.trim();
  if (!/^0x/i.test(trimmed)) return undefined;
  if (!/^0x[0-9a-f]{64}$/i.test(trimmed)) return err({ reason: 'seed', detail: '0x and 64 hex digits expected' });
  return ok(hexToBytes(trimmed.slice(2)));
}
