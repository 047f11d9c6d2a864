import { utf8Bytes, written } from '../envelope/slab.ts';

/** A text to search for in bytes. It is ASCII, and two occurrences of it never overlap. */
export interface Needle {
  readonly bytes: Uint8Array;
  /** The index of its rarest byte in JSON, base64 and plain text, so that a search rarely stops. */
  readonly rarest: number;
}

/** Returns the needle of an ASCII text with one `=`. @throws RangeError for another text */
export function needleOf(text: string): Needle {
  const bytes = utf8Bytes(text);
  const rarest = text.indexOf('=');
  if (bytes.length !== text.length || rarest < 0) throw new RangeError(`"${text}" is not ASCII with a '='`);
  return { bytes, rarest };
}

/** Returns how often the needle occurs in the parts, joined to one string. */
export function occurrences(parts: readonly Uint8Array[], needle: Needle): number {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return within(first, needle);
  const margin = needle.bytes.length - 1;
  let count = 0;
  let tail: Uint8Array = NONE;
  for (const part of parts) {
    count += within(part, needle);
    const joint = joined(tail, part.subarray(0, margin));
    // The joint is too short for an occurrence within one part, so it only holds those across both.
    if (tail.length > 0) count += within(joint, needle);
    tail = part.length >= margin ? part.subarray(part.length - margin) : joint.subarray(-margin);
  }
  return count;
}

function within(bytes: Uint8Array, { bytes: needle, rarest }: Needle): number {
  const byte = needle[rarest] ?? 0;
  let count = 0;
  for (let at = bytes.indexOf(byte, rarest); at >= 0; at = bytes.indexOf(byte, at + 1)) {
    if (isAt(bytes, at - rarest, needle)) count += 1;
  }
  return count;
}

function isAt(bytes: Uint8Array, from: number, needle: Uint8Array): boolean {
  for (let n = 0; n < needle.length; n += 1) if (bytes[from + n] !== needle[n]) return false;
  return true;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return written(a.length + b.length, (bytes) => {
    bytes.set(a);
    bytes.set(b, a.length);
    return a.length + b.length;
  });
}

const NONE = new Uint8Array(0);
