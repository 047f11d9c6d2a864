import type { Theme } from '../../conformance/themes.ts';
import type { Mutation } from './mutant.ts';

/** A relay that lacks a rule, and the cases that must see it: just these, of the themes that are run. */
export interface Mutant {
  readonly rule: string;
  readonly change: Mutation;
  readonly themes: readonly Theme[];
  /** `theme/name of the case`. */
  readonly seenBy: readonly string[];
  readonly limits?: { readonly messages: number; readonly bytes: number };
}

type Row = readonly [rule: string, file: string, find: string, replace: string, seenBy: readonly string[]];

const rows = (themes: readonly Theme[], list: readonly Row[], limits?: Mutant['limits']): Mutant[] =>
  list.map(([rule, file, find, replace, seenBy]) => ({
    rule,
    change: { file, find, replace },
    themes,
    seenBy,
    ...(limits && { limits }),
  }));

const TOKEN = 'proto/token.ts';
const CLAIMS = 'proto/claims.ts';
const ENVELOPE = 'proto/envelope.ts';
const ROUTE = 'durable-objects/twin/route.ts';
const INBOUND = 'durable-objects/twin/inbound.ts';
const VERDICT = 'durable-objects/twin/verdict.ts';

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
    ['padding is ignored', 'proto/base64url.ts', "text.replace(/={1,2}$/, '')", 'text', ['connect/padding']],
  ],
);

const frames = rows(
  ['frames'],
  [
    ['a text frame closes', INBOUND, 'port.close(CLOSE.text);', '', ['frames/text', 'frames/empty text']],
    [
      'an undecodable frame closes',
      INBOUND,
      'port.close(undecodable(decoded.error.detail));',
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
      'workers/federation-ingress.ts',
      'port.wasAnswered(digest)',
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
      'durable-objects/twin/mailbox-shares.ts',
      'return messages <= Math.ceil(maxMessages / LONE_PART)',
      'return true || messages <= Math.ceil(maxMessages / LONE_PART)',
      ['mailbox-full/too many', 'mailbox-full/another sender'],
    ],
  ],
);

const pings = rows(
  ['ping', 'source'],
  [
    ['a pong says hello world', ENVELOPE, "'hello world'", "'hello'", ['ping/without payload']],
    ['a cipher is dropped', ENVELOPE, "payload?.kind !== 'plain'", 'payload === undefined', ['ping/with a cipher']],
    [
      'a pong comes from the ping’s destination',
      ENVELOPE,
      'source: ping.destination',
      'source: ping.source',
      ['ping/to twin 0', 'ping/without destination'],
    ],
    [
      'a pong keeps schema, tags and signature',
      ENVELOPE,
      '    ...ping,',
      '    uid: ping.uid, timestamp: ping.timestamp, expiration: ping.expiration, relays: [],',
      ['ping/with more', 'ping/signed'],
    ],
    [
      'numbers have 64 bits',
      'proto/wire.ts',
      'return { low: Number(value & 0xffff_ffffn), high: Number(value >> 32n)',
      'return { low: Number(value & 0xffff_ffffn), high: 0',
      ['ping/large numbers'],
    ],
    [
      'the source’s sid is the session’s',
      ROUTE,
      '!sameAddress(head.source, session)',
      'head.source?.twin !== session.twin',
      ['another sid', 'no sid', '"" for none', 'none for ""'].map((name) => `source/${name}`),
    ],
    [
      'the source’s twin is the session’s',
      ROUTE,
      '!sameAddress(head.source, session)',
      'head.source?.connection !== session.connection',
      ['source/another twin, same sid'],
    ],
  ],
);

const routing = rows(
  ['routing', 'tags', 'ping'],
  [
    ['twin 0 is no destination', ROUTE, 'to.twin === 0', 'false', ['routing/twin 0', 'routing/twin 0 with sid']],
    [
      'only requests are answered',
      INBOUND,
      "isRequest = head.kind === 'request'",
      "isRequest = head.kind !== 'response' && head.kind !== 'ping'",
      ['routing/error', 'routing/says nothing'],
    ],
    ['an error lives 300 s', ENVELOPE, 'ERROR_EXPIRATION = 300n', 'ERROR_EXPIRATION = 60n', ['routing/form']],
    [
      'an unknown twin is named so',
      'proto/reasons.ts',
      "'unknown twin destination'",
      "'no such twin'",
      ['routing/unknown', 'routing/unknown, fail-fast'],
    ],
    [
      'who is connected here is served here',
      VERDICT,
      "return { home: 'nowhere' }",
      "return { refuse: 'no-relay' }",
      ['routing/connected, without relay'],
    ],
    [
      'ours may be one of several relays',
      'durable-objects/domains.ts',
      'domains.some(',
      'domains.slice(0, 1).some(',
      ['routing/ours among others'],
    ],
    [
      'bytes are forwarded as received',
      INBOUND,
      '        bytes,',
      '        bytes: ((read) => encodeEnvelope({ ...read, schema: read.schema ?? "" }))(decodeEnvelope(bytes).value),',
      [
        'routing/connected',
        'routing/connected, of another relay',
        'routing/connected, without relay',
        'routing/to itself',
      ],
    ],
    ['tags are parted by white space', ENVELOPE, '/[\\s,]/', '/,/', ['tags/by space', 'tags/by both']],
    ['tags are compared exactly', ENVELOPE, 'tags.indexOf(tag);', 'tags.toLowerCase().indexOf(tag);', ['tags/case']],
    ['a tag is a whole word', ENVELOPE, 'isBorder(tags[at - 1])', 'true', ['tags/within']],
  ],
);

const boxes = rows(
  ['mailbox', 'sids'],
  [
    [
      '"" and no sid have a box each',
      'durable-objects/twin/mailbox.ts',
      "sid === undefined ? 'n'",
      "!sid ? 'n'",
      ['mailbox/"" and none'],
    ],
    [
      '"" and no sid are two sessions',
      'durable-objects/twin/sessions.ts',
      "sid === undefined ? 'n'",
      "!sid ? 'n'",
      ['sids/"" and none'],
    ],
    [
      'the older of two connections goes',
      'durable-objects/twin/sessions.ts',
      'for (const each of older) this.#close(',
      'for (const each of older.slice(0, 0)) this.#close(',
      ['sids/twice', 'sids/duel'],
    ],
    [
      'a duel of two programs is slowed',
      'durable-objects/twin/rivalry.ts',
      '!isDuel || now - switchedAt >= PAUSE_MS',
      'true',
      ['sids/duel'],
    ],
    [
      'who never answers a close is no rival',
      'durable-objects/twin/sessions.ts',
      "kind: 'open', session, rivalry, notes",
      "kind: 'open', session, rivalry: older.length > 0 ? afterAnswer(rivalry, now) : rivalry, notes",
      ['sids/silent', 'sids/duel'],
    ],
  ],
);

// What is left in a box would be found by the sessions of other themes.
const read = rows(
  ['mailbox'],
  [
    [
      'what was read is not sent again',
      'durable-objects/twin/delivery.ts',
      'if (isClean)',
      'if (!isClean)',
      ['mailbox/once', 'mailbox/reconnects'],
    ],
  ],
);

const sizes = rows(
  ['sizes'],
  [['an envelope has a limit', INBOUND, 'frame.byteLength > maxBytes', 'false', ['sizes/17 MiB']]],
);

const WINDOW = 'durable-objects/twin/rate-window.ts';
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
