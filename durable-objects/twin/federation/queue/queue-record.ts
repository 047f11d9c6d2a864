import { concatBytes } from '@noble/hashes/utils.js';
import { type RoutedEnvelope, uidOf } from '../../send/routed-envelope.ts';

/** Below SQLite's limit in a Durable Object (2 MB a row). A larger envelope is a record of its own, in several rows. */
export const RECORD_BYTES = 2 ** 20;
/** Keeps the progress of a record, a bit for each envelope, small. */
export const RECORD_ENVELOPES = 256;

const VERSION = 1;
const REQUEST = 1;
const FAIL_FAST = 2;
const HAS_SID = 4;
const HAS_CONNECTION = 8;
/** Code without it treats the mail of a twin that moved as the twin's own envelope: only an error of it goes astray. */
const IS_MAIL = 16;

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Envelopes that share a record, and its bytes. */
export interface QueueRecord {
  readonly envelopes: readonly RoutedEnvelope[];
  readonly bytes: Uint8Array;
}

/** Encodes envelopes, in order, as records of at most about 1 MiB and 256 envelopes each. */
export function encodeQueueRecords(envelopes: readonly RoutedEnvelope[]): QueueRecord[] {
  const records: { envelopes: RoutedEnvelope[]; parts: Uint8Array[]; size: number }[] = [];
  for (const envelope of envelopes) {
    const head = headOf(envelope);
    const size = head.length + envelope.bytes.length;
    let record = records.at(-1);
    if (record === undefined || record.size + size > RECORD_BYTES || record.envelopes.length >= RECORD_ENVELOPES) {
      record = { envelopes: [], parts: [Uint8Array.of(VERSION)], size: 1 };
      records.push(record);
    }
    record.envelopes.push(envelope);
    record.parts.push(head, envelope.bytes);
    record.size += size;
  }
  return records.map((record) => ({ envelopes: record.envelopes, bytes: concatBytes(...record.parts) }));
}

/** Returns the envelopes of an encoded record, as they are appended to a record of the same version. */
export function withoutVersion(record: Uint8Array): Uint8Array {
  return record.subarray(1);
}

/**
 * Decodes a record that `encodeQueueRecords` wrote. The envelopes are views on `record`.
 * @throws RangeError when `record` has another version or is cut
 */
export function decodeQueueRecord(record: Uint8Array): RoutedEnvelope[] {
  if (record[0] !== VERSION) throw new RangeError(`federation queue: unknown record version ${record[0]}`);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  let at = 1;
  const take = (length: number): Uint8Array => {
    if (at + length > record.length) throw new RangeError('federation queue: a record ends too early');
    at += length;
    return record.subarray(at - length, at);
  };
  const u32 = () => view.getUint32(take(4).byteOffset - record.byteOffset);
  const sized = () => take(u32());
  const string = () => text.decode(sized());
  const envelopes: RoutedEnvelope[] = [];
  while (at < record.length) {
    const [flags = 0] = take(1);
    const [fromTwin, toTwin] = [u32(), u32()];
    const expiresAt = view.getFloat64(take(8).byteOffset - record.byteOffset);
    // The uid is also in the envelope, where it is read when an error needs it.
    sized();
    const host = string();
    const sid = flags & HAS_SID ? string() : undefined;
    const to = flags & HAS_CONNECTION ? { twin: toTwin, connection: string() } : { twin: toTwin };
    envelopes.push({
      from: { twin: fromTwin, sid, host },
      to,
      isRequest: (flags & REQUEST) !== 0,
      failFast: (flags & FAIL_FAST) !== 0,
      expiresAt,
      bytes: sized(),
      ...(flags & IS_MAIL ? { isMail: true as const } : {}),
    });
  }
  return envelopes;
}

/**
 * Encodes flags (u8), source and destination twin (u32 each), expiry (f64), uid, host, sid and connection (each behind
 * its u32 length), and the envelope's length (u32).
 */
function headOf({ from, to, isRequest, failFast, expiresAt, bytes, isMail }: RoutedEnvelope): Uint8Array {
  const texts = [uidOf(bytes), from.host];
  if (from.sid !== undefined) texts.push(from.sid);
  if (to.connection !== undefined) texts.push(to.connection);
  const strings = texts.map((each) => utf8.encode(each));
  const head = new Uint8Array(17 + strings.reduce((sum, each) => sum + 4 + each.length, 0) + 4);
  const view = new DataView(head.buffer);
  head[0] =
    (isRequest ? REQUEST : 0) |
    (failFast ? FAIL_FAST : 0) |
    (from.sid === undefined ? 0 : HAS_SID) |
    (to.connection === undefined ? 0 : HAS_CONNECTION) |
    (isMail ? IS_MAIL : 0);
  view.setUint32(1, from.twin);
  view.setUint32(5, to.twin);
  view.setFloat64(9, expiresAt);
  let at = 17;
  for (const each of strings) {
    view.setUint32(at, each.length);
    head.set(each, at + 4);
    at += 4 + each.length;
  }
  view.setUint32(at, bytes.length);
  return head;
}
