import { isU32 } from '../envelope/address.ts';

const STREAM = 'rmb.stream';
const CREDIT = 'rmb.credit=';
const MORE = 'rmb.more';
const SEQ = 'rmb.seq=';

/** The place of a reply in a stream. */
export interface StreamPart {
  /** Counts from 0. */
  readonly seq: number;
  readonly isLast: boolean;
}

/** Returns the tags of a request for several replies. @param credit replies with a lower number are taken */
export function streamTags(credit: number): string {
  return `${STREAM},${CREDIT}${credit}`;
}

/** Returns the tags of a reply in a stream. */
export function partTags({ seq, isLast }: StreamPart): string {
  return isLast ? `${SEQ}${seq}` : `${MORE},${SEQ}${seq}`;
}

/** Returns the credit of a request for several replies: 1 unless it says more. Undefined for any other request. */
export function creditIn(tags: string | null | undefined): number | undefined {
  const words = wordsOf(tags);
  return words.includes(STREAM) ? (numberIn(words, CREDIT) ?? 1) : undefined;
}

/** Returns the place of a reply in a stream; undefined for a reply that is not part of one. */
export function partIn(tags: string | null | undefined): StreamPart | undefined {
  const words = wordsOf(tags);
  const seq = numberIn(words, SEQ);
  return seq === undefined ? undefined : { seq, isLast: !words.includes(MORE) };
}

function wordsOf(tags: string | null | undefined): string[] {
  return (tags ?? '').split(/[\s,]+/);
}

function numberIn(words: readonly string[], name: string): number | undefined {
  const digits = words.find((word) => word.startsWith(name))?.slice(name.length) ?? '';
  const value = Number(digits);
  return /^\d{1,10}$/.test(digits) && isU32(value) ? value : undefined;
}
