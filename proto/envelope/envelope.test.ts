import { utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  errorReply,
  expiresAt,
  hasTag,
  isExpired,
  pongOf,
  stamp,
} from './envelope.ts';

const NOW = 1_800_000_000;
const MAX_U64 = 2n ** 64n - 1n;

function request(changes: Partial<Envelope> = {}): Envelope {
  return {
    uid: 'uid-1',
    timestamp: BigInt(NOW),
    expiration: 60n,
    source: { twin: 100, connection: 'sid1' },
    destination: { twin: 7 },
    content: { kind: 'request', command: 'zos.statistics.get' },
    relays: [],
    ...changes,
  };
}

describe('tags', () => {
  test('are separated by commas and white space', () => {
    expect(hasTag('x,\tfail-fast y', 'fail-fast')).toBe(true);
    expect(hasTag('fail-fast', 'fail-fast')).toBe(true);
  });

  test('are compared exactly', () => {
    expect(hasTag('Fail-Fast', 'fail-fast')).toBe(false);
    expect(hasTag('xfail-fast', 'fail-fast')).toBe(false);
    expect(hasTag('fail-fastx,fail-fast', 'fail-fast')).toBe(true);
    expect(hasTag('fail-fastx', 'fail-fast')).toBe(false);
    expect(hasTag('', 'fail-fast')).toBe(false);
    expect(hasTag(undefined, 'fail-fast')).toBe(false);
  });
});

describe('the lifetime of an envelope', () => {
  test('ends with the second of timestamp and expiration', () => {
    expect(isExpired(request(), NOW + 59)).toBe(false);
    expect(isExpired(request(), NOW + 59.9)).toBe(false);
    expect(isExpired(request(), NOW + 60)).toBe(true);
    expect(isExpired(request({ expiration: 0n }), NOW)).toBe(true);
  });

  test('never wraps around', () => {
    expect(expiresAt(request({ expiration: MAX_U64 }))).toBe(MAX_U64);
    expect(isExpired(request({ timestamp: MAX_U64, expiration: MAX_U64 }), NOW)).toBe(false);
  });
});

describe('a stamped envelope', () => {
  const u64 = fc.bigInt({ min: 0n, max: MAX_U64 });

  test('starts now and expires at the same time, or is refused as expired', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: BigInt(NOW) }), u64, (timestamp, expiration) => {
        const stamped = stamp(request({ timestamp, expiration }), NOW);
        if (!stamped.ok) expect(isExpired({ timestamp, expiration }, NOW)).toBe(true);
        else {
          expect(stamped.value.timestamp).toBe(BigInt(NOW));
          expect(expiresAt(stamped.value)).toBe(expiresAt({ timestamp, expiration }));
          expect(isExpired(stamped.value, NOW)).toBe(false);
        }
      }),
    );
  });

  test('keeps its whole expiration if its timestamp is 0 or ahead', () => {
    for (const timestamp of [0n, BigInt(NOW) + 1n, MAX_U64]) {
      expect(stamp(request({ timestamp }), NOW)).toEqual({ ok: true, value: request() });
    }
  });

  test('is refused if it is expired', () => {
    const expired = { ok: false, error: { reason: 'expired' } };
    expect(stamp(request({ expiration: 0n }), NOW)).toEqual(expired);
    expect(stamp(request({ timestamp: 0n, expiration: 0n }), NOW)).toEqual(expired);
    expect(stamp(request(), NOW + 60)).toEqual(expired);
    expect(stamp(request(), NOW + 59)).toMatchObject({ ok: true, value: { expiration: 1n } });
  });
});

describe('the pong of a ping', () => {
  const ping = request({ content: { kind: 'ping' }, destination: { twin: 0 }, expiration: 40n });

  test('returns to the session with hello world and all other fields', () => {
    const signature = new Uint8Array(65).fill(1);
    expect(pongOf({ ...ping, signature, schema: 'text/plain', tags: 'a b' })).toEqual({
      uid: 'uid-1',
      timestamp: BigInt(NOW),
      expiration: 40n,
      source: { twin: 0 },
      destination: { twin: 100, connection: 'sid1' },
      content: { kind: 'pong' },
      payload: { kind: 'plain', bytes: utf8ToBytes('hello world') },
      signature,
      schema: 'text/plain',
      tags: 'a b',
      relays: [],
    });
  });

  test('has no source if the ping has no destination', () => {
    expect(pongOf({ ...ping, destination: undefined }).source).toBeUndefined();
  });

  test('appends to a plain payload and drops a cipher', () => {
    const text = (kind: 'plain' | 'cipher') =>
      pongOf({ ...ping, payload: { kind, bytes: utf8ToBytes('abc ') } }).payload;
    expect(text('plain')).toEqual({ kind: 'plain', bytes: utf8ToBytes('abc hello world') });
    expect(text('cipher')).toEqual({ kind: 'plain', bytes: utf8ToBytes('hello world') });
  });
});

test('an error of a relay has uid, session, text and 300 s, and nothing else', () => {
  const signed = request({ signature: new Uint8Array(65), tags: 'fail-fast', schema: 'x', relays: ['a.example'] });
  const reply = errorReply(signed, { twin: 100, connection: 'sid1' }, 'destination offline', NOW + 0.7);
  expect(decodeEnvelope(encodeEnvelope(reply))).toEqual({
    ok: true,
    value: {
      uid: 'uid-1',
      timestamp: BigInt(NOW),
      expiration: 300n,
      destination: { twin: 100, connection: 'sid1' },
      content: { kind: 'error', code: 0, message: 'destination offline' },
      relays: [],
    },
  });
});
