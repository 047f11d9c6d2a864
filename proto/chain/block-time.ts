import { storagePrefix } from './storage-key.ts';

/** The storage key of a block's time, `Timestamp.Now`, as 0x hex. */
export const BLOCK_TIME_KEY = storagePrefix('Timestamp', 'Now');

/** Returns the time of a block, Unix ms, from the stored u64; undefined if the bytes are no u64. */
export function decodeBlockTime(bytes: Uint8Array | undefined): number | undefined {
  if (bytes?.length !== 8) return undefined;
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
}
