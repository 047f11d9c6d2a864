import type { Row } from './mailbox-rows.ts';
import { type Packed, packedSize } from './pack.ts';

/** Letters up to this size share rows with others. */
export const SMALL_BYTES = 32 * 1024;
/** What arrives together fills rows of this size. */
const PACK_BYTES = 256 * 1024;
const PAGE_BYTES = 2 ** 20;

/** The next letters of a session, in order. */
export interface Page {
  readonly letters: readonly Uint8Array[];
  /** How many more had expired. */
  readonly expired: number;
  readonly end: PageEnd;
}

/** Where a page ends, and what lies in the box up to there. */
export interface PageEnd {
  readonly key: number;
  readonly messages: number;
  readonly bytes: number;
}

/** How many letters these pages hold. */
export function messagesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { messages }) => sum + messages, 0);
}

/** How many bytes of letters these pages hold. */
export function bytesIn(pages: readonly PageEnd[]): number {
  return pages.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Letters in order, in groups that each become a row: a large one alone, small ones together. */
export function groupLetters(letters: readonly Packed[]): Packed[][] {
  const groups: Packed[][] = [];
  // No room: the next letter begins a group.
  let room = 0;
  for (const letter of letters) {
    const size = packedSize(letter.bytes);
    const isSmall = letter.bytes.length <= SMALL_BYTES;
    const joins = isSmall && size <= room;
    if (joins) groups.at(-1)?.push(letter);
    else groups.push([letter]);
    room = isSmall ? (joins ? room : PACK_BYTES) - size : 0;
  }
  return groups;
}

/** Reads rows until a page is full; what has expired stands in it only as a number. */
export function pageOf(rows: Iterable<Row>, now: number): Page | undefined {
  const letters: Uint8Array[] = [];
  let [expired, messages, bytes, key] = [0, 0, 0, 0];
  for (const row of rows) {
    for (const letter of row.letters) {
      messages += 1;
      bytes += letter.bytes.length;
      if (letter.expiresAt > now) letters.push(letter.bytes);
      else expired += 1;
    }
    key = row.key;
    if (bytes >= PAGE_BYTES) break;
  }
  return key === 0 ? undefined : { letters, expired, end: { key, messages, bytes } };
}
