import type { Batch, Parcel, Receiver, TwinLine, Verdict, Verdicts } from '../contract.ts';

// A batch between two objects is one buffer: the platform copies a buffer in one go, and takes an object apart. Only
// a large envelope costs more to copy once more than to send by itself.

/** Before each envelope: its length and its sid's (u32), its expiry (f64), and flags (u8). */
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

/** Lays parcels one behind another, in order. */
export function packParcels(parcels: readonly Parcel[]): Batch {
  const sids: (Uint8Array | undefined)[] = [];
  const large: Uint8Array[] = [];
  let size = parcels.length * HEAD_BYTES;
  for (const { sid, bytes, digest } of parcels) {
    const name = sid === undefined ? undefined : utf8.encode(sid);
    sids.push(name);
    if (isLarge(bytes)) large.push(bytes);
    size += (name?.length ?? 0) + (digest === undefined ? 0 : DIGEST_BYTES) + packedLength(bytes);
  }
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const [n, { bytes, ifAway, expiresAt, digest }] of parcels.entries()) {
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
  return { packed, large };
}

/** Reads what `packParcels` wrote; small envelopes are views on it. @throws RangeError when it is anything else */
export function unpackParcels({ packed, large }: Batch): Parcel[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const apart = large.values();
  const parcels: Parcel[] = [];
  let at = 0;
  while (at < packed.length) {
    const flags = view.getUint8(at + 16);
    const sidAt = at + HEAD_BYTES;
    const digestAt = sidAt + view.getUint32(at + 4);
    const bytesAt = digestAt + (flags & HAS_DIGEST ? DIGEST_BYTES : 0);
    const length = view.getUint32(at);
    const end = bytesAt + (flags & IS_LARGE ? 0 : length);
    const bytes = flags & IS_LARGE ? apart.next().value : packed.subarray(bytesAt, end);
    if (end > packed.length || bytes?.length !== length) {
      throw new RangeError(`parcels: envelope ${parcels.length} is not there to its end`);
    }
    parcels.push({
      sid: flags & HAS_SID ? text.decode(packed.subarray(sidAt, digestAt)) : undefined,
      bytes,
      ifAway: flags & STORE ? 'store' : 'return',
      expiresAt: view.getFloat64(at + 8),
      ...(flags & HAS_DIGEST ? { digest: text.decode(packed.subarray(digestAt, bytesAt)) } : {}),
    });
    at = end;
  }
  return parcels;
}

function isLarge(bytes: Uint8Array): boolean {
  return bytes.length >= LARGE_BYTES;
}

function packedLength(bytes: Uint8Array): number {
  return isLarge(bytes) ? 0 : bytes.length;
}

/** The receiving end of a twin, reached through its object. */
export function receiverOf(twin: TwinLine): Receiver {
  return {
    deliver: async (parcels) => unpackVerdicts(await twin.deliver(packParcels(parcels)), parcels.length),
  };
}

/** One verdict for all, where all are alike. */
export function packVerdicts(verdicts: readonly Verdict[]): Verdicts {
  const [first] = verdicts;
  return first !== undefined && verdicts.every((each) => each === first) ? first : verdicts;
}

/** @param count of parcels in the batch */
function unpackVerdicts(verdicts: Verdicts, count: number): readonly Verdict[] {
  return typeof verdicts === 'string' ? new Array<Verdict>(count).fill(verdicts) : verdicts;
}
