import { type StoredEnvelope, storedSize } from './mailbox-record.ts';
import type { MailboxRecord } from './mailbox-records.ts';

/** Envelopes up to this size share records with others. */
export const SMALL_BYTES = 32 * 1024;
/** Envelopes that arrive together fill records of this size. */
const RECORD_BYTES = 256 * 1024;
const PAGE_BYTES = 2 ** 20;

/** The next envelopes of a session, in order. */
export interface Page {
  readonly envelopes: readonly Uint8Array[];
  /** When each of them expires, Unix seconds. */
  readonly expiries: readonly number[];
  /** How many more had expired. */
  readonly expired: number;
  readonly end: PageEnd;
}

/** The end of a page, and the size of the page. */
export interface PageEnd {
  readonly key: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Returns how many envelopes these pages hold. */
export function messagesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { messages }) => sum + messages, 0);
}

/** Returns how many bytes of envelopes these pages hold. */
export function bytesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Groups envelopes, in order, into records: a large one alone, small ones together. */
export function groupByRecord(envelopes: readonly StoredEnvelope[]): StoredEnvelope[][] {
  const groups: StoredEnvelope[][] = [];
  // Without room the next envelope starts a group.
  let room = 0;
  for (const envelope of envelopes) {
    const size = storedSize(envelope.bytes);
    const isSmall = envelope.bytes.length <= SMALL_BYTES;
    const joins = isSmall && size <= room;
    if (joins) groups.at(-1)?.push(envelope);
    else groups.push([envelope]);
    room = isSmall ? (joins ? room : RECORD_BYTES) - size : 0;
  }
  return groups;
}

/**
 * Reads records until a page is full. Expired envelopes are only counted.
 * @param now Unix seconds
 * @param most envelopes, but at least one record
 */
export function pageOf(
  records: Iterable<MailboxRecord>,
  now: number,
  most = Number.POSITIVE_INFINITY,
): Page | undefined {
  const envelopes: Uint8Array[] = [];
  const expiries: number[] = [];
  let [expired, messages, bytes, key] = [0, 0, 0, 0];
  for (const record of records) {
    const recordBytes = record.envelopes.reduce((sum, envelope) => sum + envelope.bytes.length, 0);
    // A page ends before a large envelope: if the socket must wait for that, the smaller ones need not.
    if (key !== 0 && recordBytes > RECORD_BYTES && bytes + recordBytes > PAGE_BYTES) break;
    if (key !== 0 && messages + record.envelopes.length > most) break;
    bytes += recordBytes;
    for (const envelope of record.envelopes) {
      messages += 1;
      if (envelope.expiresAt <= now) {
        expired += 1;
        continue;
      }
      envelopes.push(envelope.bytes);
      expiries.push(envelope.expiresAt);
    }
    key = record.key;
    if (bytes >= PAGE_BYTES) break;
  }
  return key === 0 ? undefined : { envelopes, expiries, expired, end: { key, messages, bytes } };
}
