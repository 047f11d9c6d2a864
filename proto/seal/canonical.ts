import type { Address } from '../envelope/address.ts';
import type { Content, Envelope } from '../envelope/envelope-codec.ts';
import { mostBytes, written } from '../envelope/slab.ts';

const utf8 = new TextEncoder();

/** The beginning of the canonical form. It has a version, so that no later form is mistaken for this one. */
const PREFIX = utf8.encode('rmb-envelope-2');
/** A field starts with its tag byte and its length, a u64. */
const FIELD_HEAD = 9;

/** The tag byte of each field, in the order in which fields are written. */
const TAG = {
  uid: 1,
  tags: 2,
  timestamp: 3,
  expiration: 4,
  sourceTwin: 5,
  sourceSid: 6,
  destinationTwin: 7,
  destinationSid: 8,
  kind: 9,
  command: 10,
  errorCode: 11,
  errorMessage: 12,
  schema: 13,
  federation: 14,
  payloadKind: 15,
  payload: 16,
  relay: 17,
} as const;

type TextField = readonly [tag: number, text: string | undefined];

/**
 * Returns the canonical form of an envelope, in consecutive parts: the prefix, then each field as its tag byte, its length
 * in bytes as a big-endian u64, and its bytes. Absent optional fields are left out; empty ones are not. No two envelopes
 * have the same canonical form. docs/protocol.md has the table.
 * @param tags the envelope's tags without the seal
 */
export function canonical(envelope: Envelope, tags: string | undefined): Uint8Array[] {
  const { source, destination, content, payload } = envelope;
  const head: TextField[] = [
    [TAG.uid, envelope.uid],
    [TAG.tags, tags],
    [TAG.timestamp, `${envelope.timestamp}`],
    [TAG.expiration, `${envelope.expiration}`],
    [TAG.sourceTwin, twinOf(source)],
    [TAG.sourceSid, source?.connection],
    [TAG.destinationTwin, twinOf(destination)],
    [TAG.destinationSid, destination?.connection],
    [TAG.kind, content?.kind ?? ''],
    ...contentFields(content),
    [TAG.schema, envelope.schema],
    [TAG.federation, envelope.federation],
    [TAG.payloadKind, payload?.kind],
  ];
  const relays = envelope.relays.map((relay) => fields(NONE, [[TAG.relay, relay]]));
  if (payload === undefined) return [fields(PREFIX, head), ...relays];
  return [fields(PREFIX, head, payload.bytes.length), payload.bytes, ...relays];
}

function twinOf(address: Address | undefined): string {
  return `${address?.twin ?? 0}`;
}

function contentFields(content: Content | undefined): TextField[] {
  switch (content?.kind) {
    case 'request':
      return [[TAG.command, content.command]];
    case 'error':
      return [
        [TAG.errorCode, `${content.code}`],
        [TAG.errorMessage, content.message],
      ];
    default:
      return [];
  }
}

/**
 * Encodes a prefix and the present fields in one buffer.
 * @param payloadLength of the payload that follows. The head of its field is encoded as well.
 */
function fields(prefix: Uint8Array, present: readonly TextField[], payloadLength?: number): Uint8Array {
  const most = present.reduce((sum, [, text = '']) => sum + FIELD_HEAD + mostBytes(text), prefix.length + FIELD_HEAD);
  return written(most, (bytes) => {
    bytes.set(prefix);
    let at = prefix.length;
    for (const [tag, text] of present) {
      if (text === undefined) continue;
      const length = writeText(bytes, at + FIELD_HEAD, text);
      writeHead(bytes, at, tag, length);
      at += FIELD_HEAD + length;
    }
    if (payloadLength === undefined) return at;
    writeHead(bytes, at, TAG.payload, payloadLength);
    return at + FIELD_HEAD;
  });
}

/** Returns how many bytes were written. Most fields are short ASCII, for which a loop is faster than the encoder. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n);
    if (unit >= 0x80) return utf8.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + n] = unit;
  }
  return text.length;
}

/** Writes the head of a field. Lengths are below 2^32, so the high half of the u64 is zero. */
function writeHead(bytes: Uint8Array, at: number, tag: number, length: number): void {
  bytes[at] = tag;
  bytes.fill(0, at + 1, at + 5);
  bytes[at + 5] = length >>> 24;
  bytes[at + 6] = length >>> 16;
  bytes[at + 7] = length >>> 8;
  bytes[at + 8] = length;
}

const NONE = new Uint8Array(0);
