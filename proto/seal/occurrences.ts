const utf8 = new TextEncoder();

/** A text to look for in bytes. ASCII, and without a border: two occurrences of it never overlap. */
export interface Needle {
  readonly bytes: Uint8Array;
  /** The place of the byte that is rarest in JSON, base64 and plain text, so that a search stops seldom. */
  readonly rarest: number;
}

/** Makes a needle of an ASCII text that holds `=` once. Throws RangeError for any other. */
export function needleOf(text: string): Needle {
  const bytes = utf8.encode(text);
  const rarest = text.indexOf('=');
  if (bytes.length !== text.length || rarest < 0) throw new RangeError(`"${text}" is not ASCII with a '='`);
  return { bytes, rarest };
}

/** Returns how often the needle occurs in the parts, read as one string; an occurrence may span several parts. */
export function occurrences(parts: readonly Uint8Array[], needle: Needle): number {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return within(first, needle);
  const margin = needle.bytes.length - 1;
  let count = 0;
  let tail: Uint8Array = NONE;
  for (const part of parts) {
    count += within(part, needle);
    const joint = joined(tail, part.subarray(0, margin));
    // Only occurrences that begin in the tail and end in the part are new: the joint holds no whole one of either.
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
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

const NONE = new Uint8Array(0);
