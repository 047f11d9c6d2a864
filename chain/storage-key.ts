import { blake2b } from '@noble/hashes/blake2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { twox128 } from './twox.ts';

/** Where a pallet's item begins in storage: `twox_128(pallet) ++ twox_128(item)`, as 0x hex. */
export function storagePrefix(pallet: string, item: string): string {
  return `0x${bytesToHex(twox128(pallet))}${bytesToHex(twox128(item))}`;
}

const TWINS = storagePrefix('TfgridModule', 'Twins');
/** The storage key of the highest id that a twin ever had: `TfgridModule.TwinID`, a u32. */
export const LAST_TWIN_ID_KEY = storagePrefix('TfgridModule', 'TwinID');

const TWIN_IDS = storagePrefix('TfgridModule', 'TwinIdByAccountID');
const ACCOUNTS = storagePrefix('System', 'Account');

/**
 * The storage key of a twin (PROTOCOL §8): the map `TfgridModule.Twins`, over the id as u32 little-endian. 0x hex, as
 * `state_getStorage` takes it.
 * @throws RangeError when `id` is no u32
 */
export function twinStorageKey(id: number): string {
  if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) throw new RangeError(`"id" expected a u32, got ${id}`);
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, id, true);
  return entry(TWINS, key);
}

/** The storage key of the id of an account's twin, `TfgridModule.TwinIdByAccountID`. @param account 32 bytes */
export function twinIdStorageKey(account: Uint8Array): string {
  return entry(TWIN_IDS, account);
}

/** The storage key of an account's balance, `System.Account`. @param account 32 bytes */
export function accountStorageKey(account: Uint8Array): string {
  return entry(ACCOUNTS, account);
}

/** An entry of a map with the hasher Blake2_128Concat, which all three have. */
function entry(prefix: string, key: Uint8Array): string {
  return `${prefix}${bytesToHex(blake2b(key, { dkLen: 16 }))}${bytesToHex(key)}`;
}
