import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundsFault, MAX_BYTES_BESIDES_PAYLOAD, MAX_RELAYS } from './envelope-bounds.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from './envelope-codec.ts';
import { decodeHead } from './envelope-head.ts';

const MIB = 2 ** 20;
const EMPTY_RELAY = [0x8a, 0x01, 0];

function envelope(fields: Partial<Envelope>): Envelope {
  return { uid: 'u', timestamp: 1n, expiration: 1n, relays: [], ...fields };
}

function frameOf(fields: Partial<Envelope>): Uint8Array {
  return encodeEnvelope(envelope(fields));
}

/** Returns the verdict on a frame, which head reader and codec must share. */
function verdict(frame: Uint8Array): string {
  const [head, whole] = [decodeHead(frame), decodeEnvelope(frame)].map((each) => (each.ok ? 'ok' : each.error.detail));
  expect(head).toBe(whole);
  return whole ?? '';
}

const repeated = (bytes: readonly number[], times: number) =>
  Uint8Array.from({ length: bytes.length * times }, (_, at) => bytes[at % bytes.length] ?? 0);

describe('the bounds of an envelope', () => {
  test('allow 32 relays, and refuse 33', () => {
    expect(verdict(frameOf({ relays: Array.from({ length: MAX_RELAYS }, () => 'r') }))).toBe('ok');
    expect(verdict(frameOf({ relays: Array.from({ length: MAX_RELAYS + 1 }, () => 'r') }))).toBe(
      'it has more than 32 relays',
    );
  });

  test.each(['uid', 'tags', 'schema', 'federation'] as const)(
    'allow 64 KiB besides the payload, counting %s',
    (field) => {
      const room = MAX_BYTES_BESIDES_PAYLOAD - frameOf({ [field]: 'x'.repeat(60_000) }).length + 60_000;
      const payload = { kind: 'plain', bytes: new Uint8Array(MIB) } as const;
      const least = { [field]: 'x'.repeat(room - 10) };
      expect(verdict(frameOf({ ...least, payload }))).toBe('ok');
      expect(verdict(frameOf({ [field]: 'x'.repeat(room) }))).toBe('ok');
      expect(verdict(frameOf({ [field]: 'x'.repeat(room + 1) }))).toBe(
        'it has more than 65536 bytes besides its payload',
      );
    },
  );

  test('count sids, commands, error texts and signatures', () => {
    const long = 'x'.repeat(MAX_BYTES_BESIDES_PAYLOAD);
    const fields: Partial<Envelope>[] = [
      { source: { twin: 1, connection: long } },
      { destination: { twin: 1, connection: long } },
      { content: { kind: 'request', command: long } },
      { content: { kind: 'error', code: 1, message: long } },
      { signature: new Uint8Array(MAX_BYTES_BESIDES_PAYLOAD) },
    ];
    for (const each of fields) expect(verdict(frameOf(each))).toBe('it has more than 65536 bytes besides its payload');
  });

  test('do not count the contents of payloads and unknown fields', () => {
    const payload = frameOf({ payload: { kind: 'cipher', bytes: new Uint8Array(2 * MIB) } });
    const unknown = Uint8Array.from([0xf2, 0x01, 0x80, 0x80, 0x40, ...new Uint8Array(MIB)]);
    expect(verdict(unknown)).toBe('ok');
    expect(verdict(payload)).toBe('ok');
  });

  test('count every field, so that their number is bounded', () => {
    const fields = {
      plain: [0x6a, 0],
      source: [0x2a, 0],
      unknown: [0xf0, 1, 0],
      group: [0xf3, 1, 0xf4, 1],
      tags: [0x12, 0],
    };
    for (const bytes of Object.values(fields)) {
      expect(verdict(repeated(bytes, 100_000))).toBe('it has more than 65536 bytes besides its payload');
    }
  });

  test('refuse 15 MB of empty relays', () => {
    const frame = repeated(EMPTY_RELAY, 5_000_000);
    expect(boundsFault(frame)).toBe('it has more than 32 relays');
  });

  test('are the same for head reader and codec', () => {
    const part = fc.oneof(
      fc.nat(40).map((times) => repeated(EMPTY_RELAY, times)),
      fc.nat(70_000).map((length) => frameOf({ tags: 'x'.repeat(length) })),
      fc.nat(70_000).map((length) => frameOf({ payload: { kind: 'plain', bytes: new Uint8Array(length) } })),
      fc.nat(70_000).map((length) => frameOf({ source: { twin: 1, connection: 'x'.repeat(length) } })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        verdict(Uint8Array.from(Buffer.concat(parts)));
      }),
      { numRuns: 500 },
    );
  });
});
