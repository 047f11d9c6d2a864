import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fromHex } from './hex.ts';

const hex = z.object({ bytes: z.string() });

function vectors<T>(file: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(new URL(`../../../test/vectors/${file}`, import.meta.url), 'utf8')));
}

const protocol = vectors(
  'protocol.json',
  z.object({ envelopes: z.array(hex), jwts: z.array(z.object({ token: z.string() })) }),
);
const invalid = vectors(
  'invalid.json',
  z.object({ envelopes: z.array(hex), tokens: z.array(z.object({ token: z.string() })) }),
);
const sealed = vectors(
  'seal.json',
  z.object({ account: z.string(), valid: z.array(hex), invalid: z.array(hex), unsealed: z.array(hex) }),
);

const utf8 = new TextEncoder();

/** Envelopes of the vectors: valid, sealed and invalid ones. */
export const ENVELOPES: readonly Uint8Array[] = [
  ...protocol.envelopes,
  ...invalid.envelopes,
  ...sealed.valid,
  ...sealed.invalid,
  ...sealed.unsealed,
].map(({ bytes }) => fromHex(bytes));

/** Envelopes with a valid seal and the signature of `SEALER`. */
export const SEALED: readonly Uint8Array[] = sealed.valid.map(({ bytes }) => fromHex(bytes));
/** The account that signed them. */
export const SEALER: Uint8Array = fromHex(sealed.account);

/** Tokens of the vectors, valid and invalid. */
export const TOKENS: readonly Uint8Array[] = [...protocol.jwts, ...invalid.tokens].map(({ token }) =>
  utf8.encode(token),
);
