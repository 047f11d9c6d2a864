import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { twox128 } from './twox.ts';

/** Returns the storage prefix of a pallet's item: `twox_128(pallet) ++ twox_128(item)`, as 0x hex. */
export function storagePrefix(pallet: string, item: string): string {
  return `0x${bytesToHex(twox128(pallet))}${bytesToHex(twox128(item))}`;
}

/** The prefix of all twins' keys. */
export const TWINS_PREFIX = storagePrefix('TfgridModule', 'Twins');
/** The storage key of the highest id that a twin ever had: `TfgridModule.TwinID`, a u32. */
export const LAST_TWIN_ID_KEY = storagePrefix('TfgridModule', 'TwinID');

const TWIN_IDS = storagePrefix('TfgridModule', 'TwinIdByAccountID');
const ACCOUNTS = storagePrefix('System', 'Account');

/**
 * Returns the storage key of a twin (PROTOCOL §8) for `state_getStorage`: the map `TfgridModule.Twins`, by the id as u32
 * little-endian, as 0x hex.
 * @throws RangeError when `id` is not a u32
 */
export function twinStorageKey(id: number): string {
  if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) throw new RangeError(`"id" expected a u32, got ${id}`);
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, id, true);
  return entry(TWINS_PREFIX, key);
}

/** Returns the twin id in a storage key of `TWINS_PREFIX`; undefined if it is no such key. */
export function twinIdOfKey(key: string): number | undefined {
  const [, id] = /^0x[0-9a-f]{96}([0-9a-f]{8})$/.exec(key) ?? [];
  if (id === undefined) return undefined;
  const number = new DataView(hexToBytes(id).buffer).getUint32(0, true);
  return key === twinStorageKey(number) ? number : undefined;
}

/** Returns the storage key of an account's twin id, `TfgridModule.TwinIdByAccountID`. @param account 32 bytes */
export function twinIdStorageKey(account: Uint8Array): string {
  return entry(TWIN_IDS, account);
}

/** Returns the storage key of an account's balance, `System.Account`. @param account 32 bytes */
export function accountStorageKey(account: Uint8Array): string {
  return entry(ACCOUNTS, account);
}

/** Returns the key of an entry in a map with the hasher Blake2_128Concat, as of all three maps. */
function entry(prefix: string, key: Uint8Array): string {
  return `${prefix}${bytesToHex(blake2b(key, { dkLen: 16 }))}${bytesToHex(key)}`;
}
