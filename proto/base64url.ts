import { base64urlnopad } from '@scure/base';
import { err, ok, type Result } from './result.ts';

/** Base64url without padding, as the parts of a token are written. */
export function encodeBase64url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** The first character that is none of base64url's, in the reference's words, or undefined. */
function invalidByte(text: string): string | undefined {
  const offset = text.search(/[^A-Za-z0-9_-]/);
  return offset < 0 ? undefined : `Invalid byte ${text.charCodeAt(offset)}, offset ${offset}.`;
}

/**
 * Reads base64url; padding at its end is ignored, as the reference does. The refusal is the reference's text: the
 * character and offset it stumbled over, or what is left over at the end.
 */
export function decodeBase64url(text: string): Result<Uint8Array, string> {
  const bare = text.replace(/={1,2}$/, '');
  const invalid = invalidByte(bare);
  if (invalid !== undefined) return err(invalid);
  if (bare.length % 4 === 1) return err('Encoded text cannot have a 6-bit remainder.');
  try {
    return ok(base64urlnopad.decode(bare));
  } catch {
    // Alphabet and length are good: bits are set in the last character that no byte takes.
    const last = bare.length - 1;
    return err(`Invalid last symbol ${bare.charCodeAt(last)}, offset ${last}.`);
  }
}
