import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEnvelope } from '../../test/rig/envelopes/any-envelope.ts';
import { challenge } from './challenge.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope-codec.ts';

function decoded(input: Uint8Array): Envelope {
  const result = decodeEnvelope(input);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

const hex = (text: string) => decoded(hexToBytes(text));

describe('any envelope', () => {
  test('decodes to itself, from bytes anywhere in a larger buffer', () => {
    fc.assert(
      fc.property(anyEnvelope, fc.nat(16), (one, offset) => {
        const wire = encodeEnvelope(one);
        const buffer = Buffer.alloc(offset + wire.length + 5, 0xff);
        buffer.set(wire, offset);
        expect(decoded(buffer.subarray(offset, offset + wire.length))).toEqual(one);
      }),
    );
  });

  test('has the same challenge after encoding, also with half a surrogate pair', () => {
    fc.assert(
      fc.property(anyEnvelope, fc.constantFrom('\ud800', 'a\udc00', '\udc00\ud800'), (one, half) => {
        const odd = { ...one, uid: one.uid + half, schema: half, relays: [half, ...one.relays] };
        expect(challenge(decoded(encodeEnvelope(odd)))).toEqual(challenge(odd));
      }),
    );
  });

  test('is encoded into its own buffer', () => {
    fc.assert(
      fc.property(anyEnvelope, (one) => {
        const wire = encodeEnvelope(one);
        expect(wire.buffer.byteLength).toBe(wire.length);
      }),
    );
  });
});

test('decoding bytes never throws', () => {
  const fields = fc.array(fc.tuple(fc.nat(150), fc.uint8Array({ maxLength: 12 })), { maxLength: 6 });
  const likely = fields.map((parts) => Uint8Array.from(parts.flatMap(([tag, rest]) => [tag, rest.length, ...rest])));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), likely), (input) => {
      const result = decodeEnvelope(input);
      if (result.ok) expect(decoded(encodeEnvelope(result.value))).toEqual(result.value);
      else expect(result.error).toMatchObject({ reason: 'malformed', detail: expect.stringMatching(/./) });
    }),
    { numRuns: 500 },
  );
});

test('a cut envelope is refused, or is a complete shorter one', () => {
  fc.assert(
    fc.property(anyEnvelope, fc.nat(), (one, cut) => {
      const wire = encodeEnvelope(one);
      const part = wire.subarray(0, cut % (wire.length + 1));
      const result = decodeEnvelope(part);
      if (result.ok) expect(encodeEnvelope(result.value).length).toBe(part.length);
    }),
  );
});

describe('decodeEnvelope', () => {
  test('decodes no bytes to an empty envelope', () => {
    expect(hex('')).toEqual({ uid: '', timestamp: 0n, expiration: 0n, relays: [] });
  });

  test('returns views of signature and payload', () => {
    const wire = encodeEnvelope({
      ...hex(''),
      signature: new Uint8Array(65),
      payload: { kind: 'plain', bytes: new Uint8Array(9) },
    });
    const { signature, payload } = decoded(wire);
    expect(signature?.buffer).toBe(wire.buffer);
    expect(payload?.bytes.buffer).toBe(wire.buffer);
  });

  test('merges a repeated source', () => {
    expect(hex('2a0208642a03120161').source).toEqual({ twin: 100, connection: 'a' });
  });

  test('merges a repeated request, but not across a response', () => {
    expect(hex('3a030a01613a00').content).toEqual({ kind: 'request', command: 'a' });
    expect(hex('3a030a016142003a00').content).toEqual({ kind: 'request', command: '' });
  });

  test('takes the last of two kinds, payloads or uids', () => {
    expect(hex('7a0082010042006a0161720162')).toMatchObject({
      content: { kind: 'response' },
      payload: { kind: 'cipher', bytes: utf8ToBytes('b') },
    });
    expect(hex('0a01610a0162').uid).toBe('b');
  });

  test('skips unknown fields of every wire type', () => {
    expect(hex('a00601a1060000000000000000a2060161a3060801a406a506000000000a0161').uid).toBe('a');
  });

  test('keeps empty optional fields, which the signature covers', () => {
    expect(hex('12004a0052005a006a00')).toMatchObject({
      tags: '',
      schema: '',
      federation: '',
      signature: new Uint8Array(),
    });
    expect(hex('6a00').payload).toEqual({ kind: 'plain', bytes: new Uint8Array() });
    expect(hex('2a00320208002a021200')).toMatchObject({
      source: { twin: 0, connection: '' },
      destination: { twin: 0 },
    });
  });

  test('keeps a byte order mark in a text', () => {
    expect(hex('0a04efbbbf61').uid).toBe('\ufeffa');
  });
});

test('encoding throws for a number that does not fit its field', () => {
  const empty = hex('');
  expect(() => encodeEnvelope({ ...empty, timestamp: 2n ** 64n })).toThrow('"timestamp" expected a u64');
  expect(() => encodeEnvelope({ ...empty, expiration: -1n })).toThrow('"expiration" expected a u64');
  expect(() => encodeEnvelope({ ...empty, source: { twin: 2 ** 32 } })).toThrow('"source.twin" expected a u32');
  expect(() => encodeEnvelope({ ...empty, destination: { twin: 1.5 } })).toThrow('"destination.twin" expected a u32');
  expect(() => encodeEnvelope({ ...empty, content: { kind: 'error', code: -1, message: '' } })).toThrow('"error.code"');
});
