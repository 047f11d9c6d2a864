import { type Mutant, rows } from './mutant-rows.ts';
import { pings, routing } from './routing.ts';

const TOKEN = 'proto/token/token.ts';
const CLAIMS = 'proto/token/claims.ts';
const INBOUND = 'durable-objects/twin/send/inbound.ts';

const connections = rows(
  ['connect', 'token'],
  [
    ['a token expires', TOKEN, 'now > exp', 'false', ['token/expired']],
    ['a token’s last second counts', TOKEN, 'now > exp', 'now >= exp', ['connect/last second']],
    [
      'a token is signed by its twin',
      TOKEN,
      'return verified.ok ?',
      'return true ?',
      ['other key', 'other type', 'type byte x', '64 bytes', 'no signature'].map((name) => `token/${name}`),
    ],
    ['alg is RS512', TOKEN, 'alg === ALGORITHM', "typeof alg === 'string'", ['token/alg none', 'token/alg HS256']],
    ['a sid is a text', CLAIMS, "sid !== null && typeof sid !== 'string'", 'false', ['token/sid a number']],
    [
      'iat is there',
      CLAIMS,
      'if (!iat.ok) return iat;',
      'if (!iat.ok) return ok({ sub: sub.value, iat: 0, exp: 2 ** 40 });',
      ['token/no iat'],
    ],
    ['padding is ignored', 'proto/crypto/base64url.ts', "text.replace(/={1,2}$/, '')", 'text', ['connect/padding']],
  ],
);

const checks = rows(
  ['check'],
  [
    [
      'a token can be posted',
      'workers/relay.ts',
      "app.post('/check',",
      "app.post('/checked',",
      ['check/good token', 'check/expired token', 'check/no token'],
    ],
    [
      'pages read the answer',
      'workers/check.ts',
      "'access-control-allow-origin', '*'",
      "'access-control-allow-origin', 'null'",
      ['check/good token', 'check/expired token', 'check/no token'],
    ],
    ['an empty body is no token', 'workers/check.ts', 'body.bytes.length === 0', 'false', ['check/no token']],
  ],
);

const frames = rows(
  ['frames'],
  [
    ['a text frame closes', INBOUND, 'port.close(socket, CLOSE.text);', '', ['frames/text', 'frames/empty text']],
    [
      'an undecodable frame closes',
      INBOUND,
      'port.close(socket, undecodable(decoded.error.detail));',
      '',
      ['frames/garbage', 'frames/truncated', 'frames/not UTF-8', 'frames/garbage behind'],
    ],
  ],
);

const repeats = rows(
  ['federation-in'],
  [
    [
      'what another relay brings again is delivered once',
      'workers/federation/envelope-check.ts',
      'port.wasAccepted(digest)',
      'digest === undefined',
      ['federation-in/again'],
    ],
  ],
);

const shares = rows(
  ['mailbox-full'],
  [
    [
      'a lone source fills half of a mailbox',
      'durable-objects/twin/receive/mailbox-shares.ts',
      'return messages <= Math.ceil(maxMessages / LONE_PART)',
      'return true || messages <= Math.ceil(maxMessages / LONE_PART)',
      ['mailbox-full/too many', 'mailbox-full/another sender'],
    ],
  ],
);

const boxes = rows(
  ['mailbox', 'sids'],
  [
    [
      '"" and no sid have a box each',
      'durable-objects/twin/receive/mailbox.ts',
      "sid === undefined ? 'n'",
      "!sid ? 'n'",
      ['mailbox/"" and none'],
    ],
    [
      '"" and no sid are two sessions',
      'durable-objects/twin/sessions/socket.ts',
      "sid === undefined ? 'n'",
      "!sid ? 'n'",
      ['sids/"" and none'],
    ],
    [
      'the older of two connections goes',
      'durable-objects/twin/sessions/sessions.ts',
      'for (const each of older) this.#close(',
      'for (const each of older.slice(0, 0)) this.#close(',
      ['sids/twice', 'sids/duel'],
    ],
    [
      'a duel of two programs is slowed',
      'durable-objects/twin/sessions/rivalry.ts',
      '!isDuel || now - switchedAt >= PAUSE_MS',
      'true',
      ['sids/duel'],
    ],
    [
      'who never answers a close is no rival',
      'durable-objects/twin/sessions/sessions.ts',
      "kind: 'open', session, rivalry, notes",
      "kind: 'open', session, rivalry: older.length > 0 ? afterAnswer(rivalry, now) : rivalry, notes",
      ['sids/silent', 'sids/duel'],
    ],
  ],
);

// Sessions of other themes would find messages that these mutants leave in a mailbox.
const read = rows(
  ['mailbox'],
  [
    [
      'what was read is not sent again',
      'durable-objects/twin/receive/delivery.ts',
      'if (isClean)',
      'if (!isClean)',
      ['mailbox/once', 'mailbox/reconnects'],
    ],
  ],
);

const sizes = rows(
  ['sizes'],
  [['an envelope has a limit', INBOUND, 'bytes.length > this.#maxBytes', 'false', ['sizes/17 MiB']]],
);

const WINDOW = 'durable-objects/twin/limits/rate-window.ts';
const limits = rows(
  ['limits'],
  [
    [
      'messages are limited',
      WINDOW,
      'window.messages > limit.messages',
      'false',
      ['limits/messages', 'limits/pings', 'limits/another sid', 'limits/first of all'],
    ],
    ['bytes are limited', WINDOW, 'window.bytes > limit.bytes', 'false', ['limits/bytes']],
  ],
  { messages: 5, bytes: 20_000 },
);

export const MUTANTS: readonly Mutant[] = [
  ...connections,
  ...checks,
  ...frames,
  ...repeats,
  ...pings,
  ...routing,
  ...boxes,
  ...shares,
  ...read,
  ...sizes,
  ...limits,
];
