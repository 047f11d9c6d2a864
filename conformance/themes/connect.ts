import { base64urlnopad } from '@scure/base';
import type { Case } from '../case.ts';
import { answerTo } from '../dialogue.ts';
import type { Difference } from '../differences.ts';
import { ping } from '../envelopes.ts';
import { ask, JSON_FORM, statusLine, upgradeHeaders } from '../http.ts';
import { freshSid, type Stage, unixNow } from '../stage.ts';
import { ROLES, type Role } from '../twins.ts';

/** What stands in the query of an upgrade. */
type Query = (stage: Stage) => string | Promise<string>;

const json = (value: object) => base64urlnopad.encode(new TextEncoder().encode(JSON.stringify(value)));

/** A token with any claims and header, signed by the caller, or by `signer`. */
async function tokenOf(stage: Stage, claims: object, header: object = { alg: 'RS512' }, signer: Role = 'caller') {
  const body = `${json(header)}.${json(claims)}`;
  const signature = await stage.subject.cast[signer].identity.sign(new TextEncoder().encode(body));
  return { body, signature, token: `${body}.${base64urlnopad.encode(signature)}` };
}

/** Good claims of the caller, seconds from now. */
function claimsOf(stage: Stage, { iat = 0, exp = 60 } = {}): { sub: number; iat: number; exp: number } {
  return { sub: stage.subject.cast.caller.id, iat: unixNow() + iat, exp: unixNow() + exp };
}

async function upgrade(stage: Stage, path: string, headers = {}, method = 'GET', text = ''): Promise<string> {
  return statusLine(await ask(stage.subject, { method, path, headers: upgradeHeaders(headers) }), text);
}

/** An upgrade that is refused, with the Rust relay's body. */
function refused(
  [name, title]: readonly [string, string],
  status: number,
  text: string | ((stage: Stage) => string),
  query: Query,
  { section = '5.2', headers = {} } = {},
): Case {
  return {
    name,
    section,
    title,
    observe: async (stage) => {
      const expected = typeof text === 'string' ? text : text(stage);
      const line = await upgrade(stage, `/?${await query(stage)}`, headers, 'GET', expected);
      // A text that depends on the twin's id is compared here.
      return line === `${status} ${expected}` ? `${status} as the text says` : line;
    },
    reference: `${status} as the text says`,
    meant: { seen: `${status} ${JSON_FORM}`, difference: 'refusals over HTTP' },
  };
}

/** An upgrade that is taken. */
function taken(
  [name, title]: readonly [string, string],
  observe: Case['observe'],
  meant?: { seen: string; difference: Difference },
): Case {
  return { name, section: '5.1', title, observe, reference: '101', ...(meant && { meant }) };
}

const claims = (make: (stage: Stage) => object, header?: object) => async (stage: Stage) =>
  (await tokenOf(stage, make(stage), header)).token;

const withSignature = (change: (signature: Uint8Array) => Uint8Array) => async (stage: Stage) => {
  const { body, signature } = await tokenOf(stage, claimsOf(stage));
  return `${body}.${base64urlnopad.encode(change(signature))}`;
};

const typeByte = (letter: string) =>
  withSignature((signature) => Uint8Array.of(letter.charCodeAt(0), ...signature.subarray(1)));

const BAD_SIGNATURE = 'invalid jwt: jwt: Invalid signature';
const NO_CLAIMS = 'invalid jwt: jwt: No claims component found in token string';
/** Where the claims of one line end: the parser of the reference says so. */
const at = (value: object) => `at line 1 column ${JSON.stringify(value).length}`;
const NOBODY = 999_999;

const refusals: readonly Case[] = [
  {
    name: 'no query',
    section: '5.1',
    title: 'an upgrade without a query',
    observe: (stage) => upgrade(stage, '/', {}, 'GET', 'missing jwt'),
    reference: '400 missing jwt',
    meant: { seen: `400 ${JSON_FORM}`, difference: 'refusals over HTTP' },
  },
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
  refused(['type byte e', 'an sr25519 signature that says it is ed25519'], 401, BAD_SIGNATURE, typeByte('e')),
  refused(['type byte x', 'a signature of no known type'], 401, BAD_SIGNATURE, typeByte('x')),
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
  refused(
    ['no key', 'a handshake without sec-websocket-key'],
    500,
    'No "Sec-WebSocket-Key" header',
    (stage) => stage.token('caller'),
    { section: '5.3', headers: { 'sec-websocket-key': undefined } },
  ),
  refused(
    ['version 12', 'a handshake of version 12'],
    500,
    'No "Sec-WebSocket-Version: 13" header',
    (stage) => stage.token('caller'),
    { section: '5.3', headers: { 'sec-websocket-version': '12' } },
  ),
];

/** Tries again when the second, which is all the life the token has, is over before the relay has looked. */
async function inItsLastSecond(stage: Stage): Promise<string> {
  for (;;) {
    const exp = unixNow();
    const { token } = await tokenOf(stage, { ...claimsOf(stage), exp });
    const answer = await upgrade(stage, `/?${token}`);
    if (answer === '101' || unixNow() === exp) return answer;
  }
}

async function withClaims(stage: Stage, more: object, header?: object): Promise<string> {
  return upgrade(stage, `/?${(await tokenOf(stage, { ...claimsOf(stage), ...more }, header)).token}`);
}

async function onPath(stage: Stage, path: string, method = 'GET'): Promise<string> {
  return upgrade(stage, `${path}?${await stage.token('caller')}`, {}, method);
}

const admissions: readonly Case[] = [
  taken(['last second', 'a token in its last second (exp is now)'], inItsLastSecond),
  taken(['thirty years', 'a token for thirty years'], (stage) =>
    withClaims(stage, { exp: unixNow() + 30 * 365 * 86_400 }),
  ),
  taken(['iat ahead', 'an iat in the future'], (stage) => withClaims(stage, { iat: unixNow() + 5000 })),
  taken(['sid null', 'sid null: the session without sid'], (stage) => withClaims(stage, { sid: null })),
  taken(['typ', 'a header with typ'], (stage) => withClaims(stage, {}, { typ: 'JWT', alg: 'RS512' })),
  taken(['padding', 'a token with padding at its end'], async (stage) =>
    upgrade(stage, `/?${await stage.token('caller')}=`),
  ),
  taken(['any path', 'any path'], (stage) => onPath(stage, '/foo')),
  taken(['path /metrics', 'the path of the metrics'], (stage) => onPath(stage, '/metrics')),
  taken(['POST', 'an upgrade by POST'], (stage) => onPath(stage, '/', 'POST').then((line) => line.slice(0, 3)), {
    seen: '500',
    difference: 'upgrade by another method than GET',
  }),
  taken(['every key', 'a token of each twin, whatever its kind of key'], async (stage) => {
    const lines = await Promise.all(ROLES.map(async (role) => upgrade(stage, `/?${await stage.token(role)}`)));
    return lines.find((line) => line !== '101') ?? '101';
  }),
  {
    name: 'offers',
    section: '5.3',
    title: 'offered subprotocol and compression: neither is in the answer',
    observe: async (stage) => {
      const offers = { 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': 'permessage-deflate' };
      const path = `/?${await stage.token('caller')}`;
      const { status, headers } = await ask(stage.subject, { path, headers: upgradeHeaders(offers) });
      return [status, headers['sec-websocket-protocol'] ?? null, headers['sec-websocket-extensions'] ?? null];
    },
    reference: [101, null, null],
    meant: { seen: [101, null, 'permessage-deflate'], difference: 'compression, where a client offers it' },
  },
  {
    name: 'outlives token',
    section: '5.1',
    title: 'a session goes on when its token has expired',
    observe: async (stage) => {
      const sid = freshSid();
      const { token } = await tokenOf(stage, { ...claimsOf(stage, { exp: 1 }), sid });
      const session = await stage.openWith(token, stage.address('caller', sid));
      // The protocol's own time: there is no event at its end.
      await new Promise((resolve) => setTimeout(resolve, 2100));
      return answerTo(session, ping(session.address, { twin: 0 }));
    },
    reference: 'pong',
  },
];

export const connect: readonly Case[] = [...refusals, ...admissions];
