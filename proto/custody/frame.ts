import { err, ok, type Result } from '../result.ts';
import { codeOf, outcomeOf } from './outcome.ts';
import type { Receipt } from './receipts.ts';

// The binary frames of a custody session, byte by byte in docs/custody.md. No frame starts like an envelope: 0 is no
// field number of a protobuf.

const DATA = 1;
const RECEIPTS = 2;
/** Kind, flags, number of receipts (u16), epoch (u32), since (u32). */
const HEAD_BYTES = 12;
/** First and last sequence (u32 each), outcome (u8). */
const RECEIPT_BYTES = 9;
/** First sequence (u32), number of envelopes (u16). */
const DATA_HEAD_BYTES = 6;
const LENGTH_BYTES = 4;
const URGENT = 1;

/** The most envelopes of a frame. */
export const MOST_ENVELOPES = 128;
/** The most bytes of a frame, unless one envelope alone is larger. */
export const MOST_FRAME_BYTES = 2 ** 20;
/** The most receipts of a frame. */
export const MOST_RECEIPTS = 1024;
/** The last sequence. A connection ends before it has used it up. */
export const LAST_SEQUENCE = 0xffff_ffff;

/** A frame. Without envelopes it only carries receipts. */
export interface CustodyFrame {
  /**
   * From a relay: the epoch of its object, new after each loss of its memory. From a peer: the epoch of the frames that
   * its receipts are about.
   */
  readonly epoch: number;
  /**
   * From a relay: the first sequence of this client that the memory of its object knows; 0 if it knows none. What came
   * before may be lost. From a client 0.
   */
  readonly since: number;
  /** From a peer: pass these receipts on at once, because no traffic will carry them. From a relay: give receipts at once. */
  readonly isUrgent: boolean;
  readonly receipts: readonly Receipt[];
  /** The sequence of the first envelope; 0 without envelopes. The others follow one by one. */
  readonly first: number;
  readonly envelopes: readonly Uint8Array[];
}

/** Returns the bytes that an envelope takes in a frame. */
export function packedBytes(envelope: Uint8Array): number {
  return LENGTH_BYTES + envelope.length;
}

/** Returns whether a binary message is a custody frame. Otherwise it is an envelope. */
export function isCustodyFrame(bytes: Uint8Array): boolean {
  return bytes[0] === DATA || bytes[0] === RECEIPTS;
}

/** Encodes a frame. @throws RangeError when it has more than a frame may have */
export function encodeFrame({
  epoch,
  since,
  isUrgent,
  receipts,
  first,
  envelopes,
}: CustodyFrame): Uint8Array<ArrayBuffer> {
  if (receipts.length > MOST_RECEIPTS || envelopes.length > MOST_ENVELOPES)
    throw new RangeError('frame: too much for one');
  const hasEnvelopes = envelopes.length > 0;
  const size = envelopes.reduce((sum, each) => sum + packedBytes(each), hasEnvelopes ? DATA_HEAD_BYTES : 0);
  const bytes = new Uint8Array(HEAD_BYTES + receipts.length * RECEIPT_BYTES + size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, hasEnvelopes ? DATA : RECEIPTS);
  view.setUint8(1, isUrgent ? URGENT : 0);
  view.setUint16(2, receipts.length);
  view.setUint32(4, epoch);
  view.setUint32(8, since);
  let at = HEAD_BYTES;
  for (const receipt of receipts) {
    view.setUint32(at, receipt.first);
    view.setUint32(at + 4, receipt.last);
    view.setUint8(at + 8, codeOf(receipt.outcome));
    at += RECEIPT_BYTES;
  }
  if (!hasEnvelopes) return bytes;
  view.setUint32(at, first);
  view.setUint16(at + 4, envelopes.length);
  at += DATA_HEAD_BYTES;
  for (const envelope of envelopes) {
    view.setUint32(at, envelope.length);
    bytes.set(envelope, at + LENGTH_BYTES);
    at += packedBytes(envelope);
  }
  return bytes;
}

/** Decodes a frame; its envelopes are views on it. Nothing is copied before every bound is checked. */
export function decodeFrame(bytes: Uint8Array): Result<CustodyFrame, string> {
  if (bytes.length < HEAD_BYTES) return err('the frame is cut');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = view.getUint8(0);
  const flags = view.getUint8(1);
  if (kind !== DATA && kind !== RECEIPTS) return err(`frame kind ${kind} is unknown`);
  if ((flags & ~URGENT) !== 0) return err(`frame flags ${flags} are unknown`);
  const count = view.getUint16(2);
  const end = HEAD_BYTES + count * RECEIPT_BYTES;
  if (count > MOST_RECEIPTS) return err(`${count} receipts are too many`);
  if (end > bytes.length) return err('the receipts are cut');
  const receipts = decodeReceipts(view, count);
  if (!receipts.ok) return receipts;
  const head = {
    epoch: view.getUint32(4),
    since: view.getUint32(8),
    isUrgent: (flags & URGENT) !== 0,
    receipts: receipts.value,
  };
  if (kind === RECEIPTS) {
    return end === bytes.length ? ok({ ...head, first: 0, envelopes: [] }) : err('bytes follow the frame');
  }
  const envelopes = decodeEnvelopes(bytes, view, end);
  return envelopes.ok ? ok({ ...head, ...envelopes.value }) : envelopes;
}

function decodeReceipts(view: DataView, count: number): Result<Receipt[], string> {
  const receipts: Receipt[] = [];
  for (let n = 0, at = HEAD_BYTES; n < count; n += 1, at += RECEIPT_BYTES) {
    const [first, last] = [view.getUint32(at), view.getUint32(at + 4)];
    if (first === 0 || last < first) return err(`receipt ${first}–${last} is no run of sequences`);
    receipts.push({ first, last, outcome: outcomeOf(view.getUint8(at + 8)) });
  }
  return ok(receipts);
}

function decodeEnvelopes(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): Result<Pick<CustodyFrame, 'first' | 'envelopes'>, string> {
  let at = start + DATA_HEAD_BYTES;
  if (at > bytes.length) return err('the frame is cut');
  const [first, count] = [view.getUint32(start), view.getUint16(start + 4)];
  if (count === 0) return err('a data frame has no envelope');
  if (count > MOST_ENVELOPES) return err(`${count} envelopes are too many`);
  if (first === 0 || first + count - 1 > LAST_SEQUENCE) return err(`sequence ${first} is out of range`);
  if (count > 1 && bytes.length > MOST_FRAME_BYTES)
    return err(`a frame of ${bytes.length} bytes has more than one envelope`);
  const envelopes: Uint8Array[] = [];
  for (let n = 0; n < count; n += 1) {
    if (at + LENGTH_BYTES > bytes.length) return err(`envelope ${n} is cut`);
    const from = at + LENGTH_BYTES;
    at = from + view.getUint32(at);
    if (at > bytes.length) return err(`envelope ${n} is cut`);
    envelopes.push(bytes.subarray(from, at));
  }
  return at === bytes.length ? ok({ first, envelopes }) : err('bytes follow the frame');
}
