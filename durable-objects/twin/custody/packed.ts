import { codeOf, outcomeOf } from '../../../proto/custody/outcome.ts';
import type { Origin } from '../../contract.ts';
import type { DueReceipt } from './receipts-due.ts';

// Origins and receipts between two objects, each in one buffer: the platform copies a buffer at once. All numbers are
// big-endian. The format byte of a batch covers its origins. Receipts have one of their own, because an answer and a call
// of their own carry them as well.

/** The sending twin (u32), flags (u8), number of origins (u32). */
const HEAD_BYTES = 9;
const URGENT = 1;
/** Connection and sequence, u32 each. Sequence 0: the envelope has no origin. */
const ORIGIN_BYTES = 8;
/** The first byte of packed receipts. */
const RECEIPTS_FORMAT = 1;
/** Connection, first and last sequence (u32 each), outcome (u8). */
const RECEIPT_BYTES = 13;

/** Returns bytes that keep no much larger buffer in memory: in flight, only their own length counts. */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length + 64 ? bytes.slice() : bytes;
}

/** What a batch carries for custody. */
export interface BatchCustody {
  /** The twin whose object sends the batch; 0: the Worker. */
  readonly from: number;
  /** Another relay waits for the receipt of each envelope. */
  readonly isUrgent: boolean;
  /** The origin of envelope `n`; undefined if it has none. */
  originAt(n: number): Origin | undefined;
  /** Packed receipts for connections of the receiver; empty without any. */
  readonly receipts: Uint8Array;
}

/** Packs origins and receipts into one buffer; undefined when a batch carries neither, and nobody waits. */
export function packCustody(
  envelopes: readonly { readonly origin?: Origin | undefined; readonly isUrgent?: boolean | undefined }[],
  from: number | undefined,
  receipts: Uint8Array | undefined,
): Uint8Array | undefined {
  const hasOrigins = envelopes.some(({ origin }) => origin !== undefined);
  const isUrgent = envelopes.some((each) => each.isUrgent === true);
  if (!hasOrigins && !isUrgent && receipts === undefined) return undefined;
  const origins = hasOrigins ? envelopes.length : 0;
  const packed = new Uint8Array(HEAD_BYTES + origins * ORIGIN_BYTES + (receipts?.length ?? 0));
  const view = new DataView(packed.buffer);
  view.setUint32(0, from ?? envelopes.find(({ origin }) => origin !== undefined)?.origin?.twin ?? 0);
  view.setUint8(4, isUrgent ? URGENT : 0);
  view.setUint32(5, origins);
  if (hasOrigins) {
    for (const [n, { origin }] of envelopes.entries()) {
      if (origin === undefined) continue;
      view.setUint32(HEAD_BYTES + n * ORIGIN_BYTES, origin.connection);
      view.setUint32(HEAD_BYTES + n * ORIGIN_BYTES + 4, origin.sequence);
    }
  }
  if (receipts !== undefined) packed.set(receipts, HEAD_BYTES + origins * ORIGIN_BYTES);
  return packed;
}

/** Unpacks origins and receipts. @throws RangeError when the buffer is cut */
export function unpackCustody(packed: Uint8Array): BatchCustody {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const from = view.getUint32(0);
  const origins = view.getUint32(5);
  return {
    from,
    isUrgent: (view.getUint8(4) & URGENT) !== 0,
    originAt: (n) => {
      if (n >= origins) return undefined;
      const at = HEAD_BYTES + n * ORIGIN_BYTES;
      const [connection, sequence] = [view.getUint32(at), view.getUint32(at + 4)];
      return sequence === 0 ? undefined : { twin: from, connection, sequence };
    },
    receipts: packed.subarray(HEAD_BYTES + origins * ORIGIN_BYTES),
  };
}

/** Packs receipts. */
export function packReceipts(receipts: readonly DueReceipt[]): Uint8Array {
  const packed = new Uint8Array(1 + receipts.length * RECEIPT_BYTES);
  const view = new DataView(packed.buffer);
  packed[0] = RECEIPTS_FORMAT;
  for (const [n, { connection, first, last, outcome }] of receipts.entries()) {
    const at = 1 + n * RECEIPT_BYTES;
    view.setUint32(at, connection);
    view.setUint32(at + 4, first);
    view.setUint32(at + 8, last);
    view.setUint8(at + 12, codeOf(outcome));
  }
  return packed;
}

/** Unpacks receipts; none of a format that this code cannot read: without its receipt, a sender sends again. */
export function unpackReceipts(packed: Uint8Array): DueReceipt[] {
  if (packed[0] !== RECEIPTS_FORMAT) return [];
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const receipts: DueReceipt[] = [];
  for (let at = 1; at + RECEIPT_BYTES <= packed.length; at += RECEIPT_BYTES) {
    receipts.push({
      connection: view.getUint32(at),
      first: view.getUint32(at + 4),
      last: view.getUint32(at + 8),
      outcome: outcomeOf(view.getUint8(at + 12)),
    });
  }
  return receipts;
}
