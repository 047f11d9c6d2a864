import { readFileSync } from 'node:fs';
import { hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyEnvelope } from '../../test/rig/envelopes/any-envelope.ts';
import { decodeEnvelope, encodeEnvelope } from './envelope-codec.ts';
import { decodeHead } from './envelope-head.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

/** Returns the head by the codec. */
function byCodec(wire: Uint8Array) {
  const decoded = decodeEnvelope(wire);
  if (!decoded.ok) return decoded;
  const { source, destination, content, tags, timestamp, expiration } = decoded.value;
  const endsAt = Math.min(Number(timestamp) + Number(expiration), Number.MAX_SAFE_INTEGER);
  return { ok: true, value: { source, destination, kind: content?.kind, tags, endsAt } };
}

/** Frames of an attacker: cut, changed, doubled, one behind another. */
const tampered = fc
  .record({
    wire: anyEnvelope.map(encodeEnvelope),
    other: anyEnvelope.map(encodeEnvelope),
    how: fc.constantFrom('cut', 'byte', 'insert', 'double', 'append'),
    at: fc.nat(400),
    value: fc.nat(255),
  })
  .map(({ wire, other, how, at, value }) => {
    const place = wire.length === 0 ? 0 : at % wire.length;
    switch (how) {
      case 'cut':
        return wire.slice(0, place);
      case 'byte':
        return wire.map((byte, n) => (n === place ? value : byte));
      case 'insert':
        return Uint8Array.from([...wire.slice(0, place), value, ...wire.slice(place)]);
      case 'double':
        return Uint8Array.from([...wire, ...wire]);
      default:
        return Uint8Array.from([...wire, ...other]);
    }
  });

const { envelopes }: { envelopes: { name: string; bytes: string }[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/invalid.json', import.meta.url), 'utf8'),
);

describe('the head of an envelope', () => {
  test('equals the head by the codec', () => {
    fc.assert(
      fc.property(anyEnvelope.map(encodeEnvelope), (wire) => {
        expect(decodeHead(wire)).toEqual(byCodec(wire));
      }),
      { numRuns: 1000 },
    );
  });

  test('equals the head by the codec or is refused as by the codec, for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(tampered, bytes), (wire) => {
        expect(decodeHead(wire)).toEqual(byCodec(wire));
      }),
      { numRuns: 5000 },
    );
  });

  test.each(envelopes)('is refused as by the codec: $name', ({ bytes: hex }) => {
    const wire = hexToBytes(hex);
    expect(decodeHead(wire).ok).toBe(false);
    expect(decodeHead(wire)).toEqual(byCodec(wire));
  });
});
