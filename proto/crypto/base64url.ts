import { base64urlnopad } from '@scure/base';
import { err, ok, type Result } from '../result.ts';

/** Encodes base64url without padding, as in a token. */
export function encodeBase64url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Returns the first invalid character in the reference's words; undefined if all are valid. */
function invalidByte(text: string): string | undefined {
  const offset = text.search(/[^A-Za-z0-9_-]/);
  return offset < 0 ? undefined : `Invalid byte ${text.charCodeAt(offset)}, offset ${offset}.`;
}

/**
 * Decodes base64url. Padding at its end is ignored, as by the reference. The error is the reference's text: the invalid
 * character and its offset, or the remaining bits at the end.
 */
export function decodeBase64url(text: string): Result<Uint8Array, string> {
  const bare = text.replace(/={1,2}$/, '');
  const invalid = invalidByte(bare);
  if (invalid !== undefined) return err(invalid);
  if (bare.length % 4 === 1) return err('Encoded text cannot have a 6-bit remainder.');
  try {
    return ok(base64urlnopad.decode(bare));
  } catch {
    // Alphabet and length are valid, so unused bits of the last character are set.
    const last = bare.length - 1;
    return err(`Invalid last symbol ${bare.charCodeAt(last)}, offset ${last}.`);
  }
}
