import fc from 'fast-check';
import type { Content, Envelope, Payload } from '../../../proto/envelope/envelope-codec.ts';

const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 33n }));
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.nat(300));
const text = fc.oneof(fc.string(), fc.string({ minLength: 200, maxLength: 300 }), fc.string({ unit: 'binary' }));
const optionalText = fc.option(text, { nil: undefined });
const bytes = fc.uint8Array({ maxLength: 300 });
const address = fc.option(fc.record({ twin: u32, connection: optionalText }), { nil: undefined });
const content: fc.Arbitrary<Content | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('request' as const), command: text }),
  fc.record({ kind: fc.constant('error' as const), code: u32, message: text }),
  fc.constantFrom({ kind: 'response' as const }, { kind: 'ping' as const }, { kind: 'pong' as const }),
);
const payload: fc.Arbitrary<Payload | undefined> = fc.option(
  fc.record({ kind: fc.constantFrom('plain', 'cipher'), bytes }),
  { nil: undefined },
);
/** Any envelope that the wire can carry. */
export const anyEnvelope: fc.Arbitrary<Envelope> = fc.record({
  uid: text,
  tags: optionalText,
  timestamp: u64,
  expiration: u64,
  source: address,
  destination: address,
  content,
  signature: fc.option(bytes, { nil: undefined }),
  schema: optionalText,
  federation: optionalText,
  payload,
  relays: fc.array(text, { maxLength: 3 }),
});
