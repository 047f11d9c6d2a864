import { rows } from './mutant-rows.ts';

const ENVELOPE = 'proto/envelope/envelope.ts';
const ROUTE = 'durable-objects/twin/send/route.ts';
const INBOUND = 'durable-objects/twin/send/inbound.ts';
const VERDICT = 'durable-objects/twin/send/verdict.ts';

export const pings = rows(
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

export const routing = rows(
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
      'this relay may be one of several relays',
      'durable-objects/domains.ts',
      'domains.some(',
      'domains.slice(0, 1).some(',
      ['routing/home among others'],
    ],
    [
      'bytes are forwarded as received',
      INBOUND,
      '          bytes,',
      '          bytes: ((read) => encodeEnvelope({ ...read, schema: read.schema ?? "" }))(decodeEnvelope(bytes).value),',
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
