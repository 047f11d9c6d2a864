import type { Answer, Batch, BatchEnvelope, Receiver, TwinLine, Verdict, Verdicts } from '../../contract.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import { type BatchCustody, packCustody, unpackCustody } from '../custody/packed.ts';

// A batch between two objects is one buffer, because the platform copies a buffer at once and an object field by field.
// Only a large envelope is sent as a buffer of its own: copying it once more would cost more.

/** The first byte: the format of the whole batch, with what it carries for custody. docs/upgrades.md has the rule. */
const FORMAT = 1;
const FORMAT_BYTES = 1;
/** Before each envelope: its length and its sid's (u32 each), its expiry (f64), and flags (u8). */
const HEAD_BYTES = 17;
const LARGE_BYTES = 16_384;
const STORE = 1;
const HAS_SID = 2;
/** The envelope is the next one of `large`. */
const IS_LARGE = 4;
/** The digest's characters follow the sid. */
const HAS_DIGEST = 8;
/** SHA-256 in base64url. */
const DIGEST_BYTES = 43;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Encodes envelopes one behind another, in order.
 * @param from the twin whose object sends them; absent: the Worker
 * @param receipts packed receipts for connections of the receiver
 */
export function encodeBatch(envelopes: readonly BatchEnvelope[], from?: number, receipts?: Uint8Array): Batch {
  const sids: (Uint8Array | undefined)[] = [];
  const large: Uint8Array[] = [];
  let size = FORMAT_BYTES + envelopes.length * HEAD_BYTES;
  for (const { sid, bytes, digest } of envelopes) {
    const name = sid === undefined ? undefined : utf8.encode(sid);
    sids.push(name);
    if (isLarge(bytes)) large.push(bytes);
    size += (name?.length ?? 0) + (digest === undefined ? 0 : DIGEST_BYTES) + packedLength(bytes);
  }
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  packed[0] = FORMAT;
  let at = FORMAT_BYTES;
  for (const [n, { bytes, ifAway, expiresAt, digest }] of envelopes.entries()) {
    const sid = sids[n];
    view.setUint32(at, bytes.length);
    view.setUint32(at + 4, sid?.length ?? 0);
    view.setFloat64(at + 8, expiresAt);
    const away = ifAway === 'store' ? STORE : 0;
    const named = (sid === undefined ? 0 : HAS_SID) | (digest === undefined ? 0 : HAS_DIGEST);
    view.setUint8(at + 16, away | named | (isLarge(bytes) ? IS_LARGE : 0));
    at += HEAD_BYTES;
    if (sid !== undefined) packed.set(sid, at);
    at += sid?.length ?? 0;
    if (digest !== undefined) {
      packed.set(utf8.encode(digest), at);
      at += DIGEST_BYTES;
    }
    if (!isLarge(bytes)) packed.set(bytes, at);
    at += packedLength(bytes);
  }
  const custody = packCustody(envelopes, from, receipts);
  return custody === undefined ? { packed, large } : { packed, large, custody };
}

/** Returns whether this code can read a batch. Another version of the relay may write another format. */
export function isReadable({ packed }: Batch): boolean {
  return packed[0] === FORMAT;
}

/** Returns what a batch carries for custody; undefined for plain envelopes. */
export function custodyOf({ custody }: Batch): BatchCustody | undefined {
  return custody === undefined ? undefined : unpackCustody(custody);
}

/**
 * Decodes a batch. Small envelopes are views on it.
 * @param custody of `custodyOf`
 * @throws RangeError when the batch is cut, or `isReadable` says no
 */
export function decodeBatch(batch: Batch, custody?: BatchCustody): BatchEnvelope[] {
  const { packed, large } = batch;
  if (!isReadable(batch)) throw new RangeError(`batch: unknown format ${packed[0]}`);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const apart = large.values();
  const envelopes: BatchEnvelope[] = [];
  let at = FORMAT_BYTES;
  while (at < packed.length) {
    const flags = view.getUint8(at + 16);
    const sidAt = at + HEAD_BYTES;
    const digestAt = sidAt + view.getUint32(at + 4);
    const bytesAt = digestAt + (flags & HAS_DIGEST ? DIGEST_BYTES : 0);
    const length = view.getUint32(at);
    const end = bytesAt + (flags & IS_LARGE ? 0 : length);
    const bytes = flags & IS_LARGE ? apart.next().value : packed.subarray(bytesAt, end);
    if (end > packed.length || bytes?.length !== length) {
      throw new RangeError(`batch: envelope ${envelopes.length} is incomplete`);
    }
    const origin = custody?.originAt(envelopes.length);
    envelopes.push({
      sid: flags & HAS_SID ? text.decode(packed.subarray(sidAt, digestAt)) : undefined,
      bytes,
      ifAway: flags & STORE ? 'store' : 'return',
      expiresAt: view.getFloat64(at + 8),
      ...(flags & HAS_DIGEST ? { digest: text.decode(packed.subarray(digestAt, bytesAt)) } : {}),
      ...(origin && { origin }),
      ...(custody?.isUrgent === true && { isUrgent: true }),
    });
    at = end;
  }
  return envelopes;
}

function isLarge(bytes: Uint8Array): boolean {
  return bytes.length >= LARGE_BYTES;
}

function packedLength(bytes: Uint8Array): number {
  return isLarge(bytes) ? 0 : bytes.length;
}

/** The receipts that ride on the calls to one twin and on their answers. */
export interface Riding {
  /** The twin of this object. */
  readonly from: number;
  /** Takes the receipts for connections of the other twin; undefined when none wait. */
  take(): Uint8Array | undefined;
  /** Receipts for connections of this twin have come. */
  came(receipts: Uint8Array): void;
  /** The call that was to carry these receipts never ran. */
  stayed(receipts: Uint8Array): void;
}

/** Returns the receiving end of a twin, reached through its object. @param riding absent: the caller is no twin */
export function receiverOf(twin: TwinLine, riding?: Riding): Receiver {
  return {
    deliver: async (envelopes) => {
      const receipts = riding?.take();
      let answer: Answer;
      try {
        answer = await twin.deliver(encodeBatch(envelopes, riding?.from, receipts));
      } catch (error) {
        // Without its receipts an overloaded object would soon get all of these envelopes again.
        if (receipts !== undefined && platformErrorOf(error) === 'overloaded') riding?.stayed(receipts);
        throw error;
      }
      if (typeof answer === 'string' || isList(answer)) return expandVerdicts(answer, envelopes.length);
      riding?.came(answer.receipts);
      return expandVerdicts(answer.verdicts, envelopes.length);
    },
  };
}

function isList(answer: Answer): answer is readonly Verdict[] {
  return Array.isArray(answer);
}

/** Returns one verdict for all, if all are the same. */
export function foldVerdicts(verdicts: readonly Verdict[]): Verdicts {
  const [first] = verdicts;
  return first !== undefined && verdicts.every((each) => each === first) ? first : verdicts;
}

/** @param count of envelopes in the batch */
function expandVerdicts(verdicts: Verdicts, count: number): readonly Verdict[] {
  return typeof verdicts === 'string' ? new Array<Verdict>(count).fill(verdicts) : verdicts;
}
