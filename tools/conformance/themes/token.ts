import { base64urlnopad } from '@scure/base';
import type { Case } from '../case.ts';
import { JSON_FORM } from '../stage/http.ts';
import { type Stage, unixNow } from '../stage/stage.ts';
import { claimsOf, tokenOf, upgrade } from '../stage/tokens.ts';

/** Returns the query of an upgrade. */
type Query = (stage: Stage) => string | Promise<string>;

/** Returns a case of an upgrade that is refused, with the Rust relay's body. */
function refused(
  [name, title]: readonly [string, string],
  status: number,
  text: string | ((stage: Stage) => string),
  query: Query,
): Case {
  return {
    name,
    section: '5.2',
    title,
    observe: async (stage) => {
      const expected = typeof text === 'string' ? text : text(stage);
      const line = await upgrade(stage, `/?${await query(stage)}`, {}, 'GET', expected);
      // A text with the twin's id is compared here, not by the reference.
      return line === `${status} ${expected}` ? `${status} as the text says` : line;
    },
    reference: `${status} as the text says`,
    intended: { seen: `${status} ${JSON_FORM}`, difference: 'refusals over HTTP' },
  };
}

const claims = (make: (stage: Stage) => object, header?: object) => async (stage: Stage) =>
  (await tokenOf(stage, make(stage), header)).token;

const withSignature = (change: (signature: Uint8Array, stage: Stage) => Uint8Array) => async (stage: Stage) => {
  const { body, signature } = await tokenOf(stage, claimsOf(stage));
  return `${body}.${base64urlnopad.encode(change(signature, stage))}`;
};

/** Returns the signature under another type byte. */
const typed = (signature: Uint8Array, letter: string) => Uint8Array.of(letter.charCodeAt(0), ...signature.subarray(1));

const BAD_SIGNATURE = 'invalid jwt: jwt: Invalid signature';
const NO_CLAIMS = 'invalid jwt: jwt: No claims component found in token string';
/** Returns the position that the reference's parser reports: the end of the claims. */
const at = (value: object) => `at line 1 column ${JSON.stringify(value).length}`;
const NOBODY = 999_999;

export const token: readonly Case[] = [
  refused(['empty query', 'an empty token'], 401, NO_CLAIMS, () => ''),
  refused(['garbage', 'a token without dots'], 401, NO_CLAIMS, () => 'garbage'),
  refused(
    ['three letters', 'three parts that are no base64url'],
    401,
    'invalid jwt: jwt: Encoded text cannot have a 6-bit remainder.',
    () => 'a.b.c',
  ),
  refused(
    ['no claims', 'claims without anything'],
    401,
    'invalid jwt: jwt: missing field `sub` at line 1 column 2',
    claims(() => ({})),
  ),
  refused(
    ['no iat', 'claims without iat'],
    401,
    (stage) => `invalid jwt: jwt: missing field \`iat\` ${at({ sub: claimsOf(stage).sub, exp: unixNow() })}`,
    claims((stage) => ({ sub: claimsOf(stage).sub, exp: unixNow() + 60 })),
  ),
  refused(
    ['no exp', 'claims without exp'],
    401,
    (stage) => `invalid jwt: jwt: missing field \`exp\` ${at({ sub: claimsOf(stage).sub, iat: unixNow() })}`,
    claims((stage) => ({ sub: claimsOf(stage).sub, iat: unixNow() })),
  ),
  refused(
    ['sid a number', 'a sid that is a number'],
    401,
    (stage) => {
      const end = JSON.stringify({ ...claimsOf(stage), sid: 5 }).length - 1;
      return `invalid jwt: jwt: invalid type: integer \`5\`, expected a string at line 1 column ${end}`;
    },
    claims((stage) => ({ ...claimsOf(stage), sid: 5 })),
  ),
  refused(
    ['sub a string', 'a sub that is a string'],
    401,
    'invalid jwt: jwt: invalid type: string "334", expected u32 at line 1 column 12',
    claims((stage) => ({ ...claimsOf(stage), sub: '334' })),
  ),
  refused(
    ['expired', 'an expired token'],
    401,
    'invalid jwt: jwt has expired',
    claims((stage) => claimsOf(stage, { iat: -100, exp: -50 })),
  ),
  refused(
    ['other key', 'a token signed by another twin'],
    401,
    BAD_SIGNATURE,
    async (stage) => (await tokenOf(stage, claimsOf(stage), undefined, 'callee')).token,
  ),
  refused(
    ['other type', 'a signature under the type byte of the other scheme'],
    401,
    BAD_SIGNATURE,
    withSignature((signature, { subject }) => typed(signature, subject.cast.caller.keyType === 'sr25519' ? 'e' : 's')),
  ),
  refused(
    ['type byte x', 'a signature of no known type'],
    401,
    BAD_SIGNATURE,
    withSignature((signature) => typed(signature, 'x')),
  ),
  refused(
    ['64 bytes', 'a signature without its type byte'],
    401,
    BAD_SIGNATURE,
    withSignature((signature) => signature.subarray(1)),
  ),
  refused(
    ['no signature', 'an empty signature'],
    401,
    BAD_SIGNATURE,
    withSignature(() => new Uint8Array(0)),
  ),
  refused(
    ['alg none', 'a header that says none'],
    401,
    'invalid jwt: jwt: Expected algorithm type None but found Rs512',
    claims(claimsOf, { alg: 'none' }),
  ),
  refused(
    ['alg HS256', 'a header that says HS256'],
    401,
    'invalid jwt: jwt: Expected algorithm type Hs256 but found Rs512',
    claims(claimsOf, { alg: 'HS256' }),
  ),
  refused(
    ['token=', 'a query that names the token'],
    401,
    'invalid jwt: jwt: Invalid byte 61, offset 5.',
    async (stage) => `token=${await stage.token('caller')}`,
  ),
  refused(
    ['&x=1', 'a query with more than the token'],
    401,
    'invalid jwt: jwt: Invalid byte 38, offset 87.',
    async (stage) => `${await stage.token('caller')}&x=1`,
  ),
  refused(
    ['unknown twin', 'a twin that is not on chain'],
    401,
    `twin not found ${NOBODY}`,
    claims((stage) => ({ ...claimsOf(stage), sub: NOBODY })),
  ),
  refused(
    ['twin 0', 'twin 0'],
    401,
    'twin not found 0',
    claims((stage) => ({ ...claimsOf(stage), sub: 0 })),
  ),
];
