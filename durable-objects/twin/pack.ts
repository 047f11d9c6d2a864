/** A letter as it lies in a pack; `expiresAt` in Unix seconds. */
export interface Packed {
  readonly expiresAt: number;
  readonly bytes: Uint8Array;
}

/** Before each letter: its expiry and its length, both u32 big-endian. */
const HEADER_BYTES = 8;
const MAX_U32 = 0xffff_ffff;

/** What a letter takes in a pack. */
export function packedSize(bytes: Uint8Array): number {
  return HEADER_BYTES + bytes.length;
}

/**
 * Lays letters one behind another, so that they share a row: the platform bills rows written, not bytes.
 * Two packs joined are a pack again.
 */
export function pack(letters: readonly Packed[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(letters.reduce((sum, { bytes }) => sum + packedSize(bytes), 0));
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const { expiresAt, bytes } of letters) {
    view.setUint32(at, Math.min(expiresAt, MAX_U32));
    view.setUint32(at + 4, bytes.length);
    whole.set(bytes, at + HEADER_BYTES);
    at += packedSize(bytes);
  }
  return whole;
}

/**
 * Takes a pack apart again; the letters are views on it.
 * @throws RangeError when it is none: a row that this code did not write
 */
export function unpack(whole: Uint8Array): Packed[] {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const letters: Packed[] = [];
  let at = 0;
  while (at < whole.length) {
    const expiresAt = view.getUint32(at);
    const end = at + HEADER_BYTES + view.getUint32(at + 4);
    if (end > whole.length) throw new RangeError(`pack: a letter ends at ${end}, the pack at ${whole.length}`);
    letters.push({ expiresAt, bytes: whole.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return letters;
}
