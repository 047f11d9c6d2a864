import { Twox128 } from '@polkadot-api/substrate-bindings';

/** Returns Substrate's `twox_128` of a name, 16 bytes. It uses BigInt, so it is slow: for a few names only. */
export function twox128(name: string): Uint8Array {
  return Twox128(new TextEncoder().encode(name));
}
