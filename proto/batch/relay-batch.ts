import { err, ok, type Result } from '../result.ts';

// The body of a POST that carries several envelopes from relay to relay, byte by byte in docs/protocol.md. No envelope
// starts like it: 0 is no field number of a protobuf. So a relay without batches refuses it, and delivers none of it.

const MARK = 0;
/** The version of the format. It is also the value of the header by which a relay says that it takes batches. */
export const BATCH_VERSION = 1;
/** Mark, version, number of envelopes (u16). */
const HEAD_BYTES = 4;
/** Flags (u8) and length (u32) of an envelope. */
const ENVELOPE_HEAD_BYTES = 5;
const RETURN = 1;

/** The most envelopes of a batch. Each may need two look-ups and a call; the platform allows a request 1,000 of them. */
export const MOST_BATCH_ENVELOPES = 128;
/** The most bytes of a batch: as much as a relay reads of any body before it knows the sender. */
export const MOST_BATCH_BYTES = 65_536;

/** An envelope of a batch. */
export interface BatchedEnvelope {
  /** The envelope exactly as its sender wrote it. */
  readonly bytes: Uint8Array;
  /** Whether the relay stores it if its session is away. Otherwise it comes back. */
  readonly mayStore: boolean;
}

/** Returns the bytes that an envelope takes in a batch. */
export function batchedBytes(envelope: Uint8Array): number {
  return ENVELOPE_HEAD_BYTES + envelope.length;
}

/** Returns whether an envelope of this many `batchedBytes` may follow `envelopes` others that take `bytes` together. */
export function fitsBatch(envelopes: number, bytes: number, more: number): boolean {
  return envelopes < MOST_BATCH_ENVELOPES && HEAD_BYTES + bytes + more <= MOST_BATCH_BYTES;
}

/** Encodes a batch. @throws RangeError when it has no envelope, or more than a batch may have */
export function encodeRelayBatch(envelopes: readonly BatchedEnvelope[]): Uint8Array<ArrayBuffer> {
  const size = envelopes.reduce((sum, { bytes }) => sum + batchedBytes(bytes), HEAD_BYTES);
  if (envelopes.length === 0) throw new RangeError('batch: it has no envelope');
  if (envelopes.length > MOST_BATCH_ENVELOPES || size > MOST_BATCH_BYTES)
    throw new RangeError('batch: too much for one');
  const batch = new Uint8Array(size);
  const view = new DataView(batch.buffer);
  view.setUint8(0, MARK);
  view.setUint8(1, BATCH_VERSION);
  view.setUint16(2, envelopes.length);
  let at = HEAD_BYTES;
  for (const { bytes, mayStore } of envelopes) {
    view.setUint8(at, mayStore ? 0 : RETURN);
    view.setUint32(at + 1, bytes.length);
    batch.set(bytes, at + ENVELOPE_HEAD_BYTES);
    at += batchedBytes(bytes);
  }
  return batch;
}

/** Decodes a batch; its envelopes are views on it. Nothing is copied. */
export function decodeRelayBatch(batch: Uint8Array): Result<readonly BatchedEnvelope[], string> {
  if (batch.length > MOST_BATCH_BYTES) return err(`a batch has at most ${MOST_BATCH_BYTES} bytes`);
  if (batch.length < HEAD_BYTES) return err('the batch is cut');
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const [mark, version, count] = [view.getUint8(0), view.getUint8(1), view.getUint16(2)];
  if (mark !== MARK) return err(`a batch starts with 0, not with ${mark}`);
  if (version !== BATCH_VERSION) return err(`batch version ${version} is unknown`);
  if (count === 0) return err('the batch has no envelope');
  if (count > MOST_BATCH_ENVELOPES) return err(`${count} envelopes are too many`);
  const envelopes: BatchedEnvelope[] = [];
  let at = HEAD_BYTES;
  for (let n = 0; n < count; n += 1) {
    const start = at + ENVELOPE_HEAD_BYTES;
    if (start > batch.length) return err(`envelope ${n} is cut`);
    const flags = view.getUint8(at);
    if ((flags & ~RETURN) !== 0) return err(`flags ${flags} of envelope ${n} are unknown`);
    at = start + view.getUint32(at + 1);
    if (at > batch.length) return err(`envelope ${n} is cut`);
    envelopes.push({ bytes: batch.subarray(start, at), mayStore: flags !== RETURN });
  }
  return at === batch.length ? ok(envelopes) : err('bytes follow the batch');
}
