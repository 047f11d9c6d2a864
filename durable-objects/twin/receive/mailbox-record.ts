/** An envelope in a mailbox; `expiresAt` in Unix seconds. */
export interface StoredEnvelope {
  readonly expiresAt: number;
  readonly bytes: Uint8Array;
}

/** Before each envelope: its expiry and its length, both u32 big-endian. */
const HEADER_BYTES = 8;
const MAX_U32 = 0xffff_ffff;

/** Returns the bytes that an envelope takes in a record. */
export function storedSize(bytes: Uint8Array): number {
  return HEADER_BYTES + bytes.length;
}

/**
 * Encodes envelopes one behind another, so that they share a record: the platform bills rows written, not bytes. Two
 * encoded records joined are one record.
 */
export function encodeMailboxRecord(envelopes: readonly StoredEnvelope[]): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(envelopes.reduce((sum, { bytes }) => sum + storedSize(bytes), 0));
  const view = new DataView(record.buffer);
  let at = 0;
  for (const { expiresAt, bytes } of envelopes) {
    view.setUint32(at, Math.min(expiresAt, MAX_U32));
    view.setUint32(at + 4, bytes.length);
    record.set(bytes, at + HEADER_BYTES);
    at += storedSize(bytes);
  }
  return record;
}

/**
 * Decodes a record. The envelopes are views on it.
 * @throws RangeError when the record is cut
 */
export function decodeMailboxRecord(record: Uint8Array): StoredEnvelope[] {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const envelopes: StoredEnvelope[] = [];
  let at = 0;
  while (at < record.length) {
    const expiresAt = view.getUint32(at);
    const end = at + HEADER_BYTES + view.getUint32(at + 4);
    if (end > record.length)
      throw new RangeError(`mailbox: an envelope ends at ${end}, its record at ${record.length}`);
    envelopes.push({ expiresAt, bytes: record.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return envelopes;
}
