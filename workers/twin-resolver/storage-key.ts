import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { twox128 } from './twox.ts';

/** Where a pallet's item begins in storage: `twox_128(pallet) ++ twox_128(item)`, as 0x hex. */
export function storagePrefix(pallet: string, item: string): string {
  return `0x${bytesToHex(twox128(pallet))}${bytesToHex(twox128(item))}`;
}

const TWINS = storagePrefix('TfgridModule', 'Twins');

/**
 * The storage key of a twin (PROTOCOL §8): the map `TfgridModule.Twins`, hasher Blake2_128Concat over the id as
 * u32 little-endian. 0x hex, as `state_getStorage` takes it.
 * @throws RangeError when `id` is no u32
 */
export function twinStorageKey(id: number): string {
  if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) throw new RangeError(`"id" expected a u32, got ${id}`);
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, id, true);
  return `${TWINS}${bytesToHex(blake2b(key, { dkLen: 16 }))}${bytesToHex(key)}`;
}
