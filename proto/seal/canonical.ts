import type { Address } from '../address.ts';
import type { Content, Envelope } from '../envelope-codec.ts';

const utf8 = new TextEncoder();

/** What the canonical form begins with: a version, so that no later form is mistaken for this one. */
const PREFIX = utf8.encode('rmb-envelope-2');
/** A field begins with its tag byte and its length, a u64. */
const FIELD_HEAD = 9;
/** UTF-8 takes at most so many bytes for one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;

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
 * Returns the canonical form of an envelope, in parts that follow each other: the prefix, then each field as its tag
 * byte, its length in bytes as a big-endian u64, and its bytes. Absent optional fields are left out; empty ones are
 * not. No two envelopes have the same canonical form. docs/protocol.md has the table.
 * @param tags the envelope's tags without the seal
 */
export function canonical(envelope: Envelope, tags: string | undefined): Uint8Array[] {
  const { source, destination, content, payload } = envelope;
  const head = fields(PREFIX, [
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
  ]);
  const body = payload === undefined ? [] : [fieldHead(TAG.payload, payload.bytes.length), payload.bytes];
  const relays = envelope.relays.map((relay) => fields(NONE, [[TAG.relay, relay]]));
  return [head, ...body, ...relays];
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

/** Writes the fields that are present behind a prefix, in one buffer. */
function fields(prefix: Uint8Array, present: readonly TextField[]): Uint8Array {
  const most = present.reduce((sum, [, text = '']) => sum + FIELD_HEAD + MOST_BYTES_A_UNIT * text.length, 0);
  const bytes = new Uint8Array(prefix.length + most);
  bytes.set(prefix);
  let at = prefix.length;
  for (const [tag, text] of present) {
    if (text === undefined) continue;
    const written = writeText(bytes, at + FIELD_HEAD, text);
    writeHead(bytes, at, tag, written);
    at += FIELD_HEAD + written;
  }
  return bytes.subarray(0, at);
}

/** Returns how many bytes were written. Fields are short and mostly ASCII: a call of the encoder costs more than a loop. */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let n = 0; n < text.length; n += 1) {
    const unit = text.charCodeAt(n);
    if (unit >= 0x80) return utf8.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + n] = unit;
  }
  return text.length;
}

function fieldHead(tag: number, length: number): Uint8Array {
  const bytes = new Uint8Array(FIELD_HEAD);
  writeHead(bytes, 0, tag, length);
  return bytes;
}

/** Lengths stay below 2^32: an envelope is a few MiB. The high half of the u64 is zero. */
function writeHead(bytes: Uint8Array, at: number, tag: number, length: number): void {
  bytes[at] = tag;
  bytes[at + 5] = length >>> 24;
  bytes[at + 6] = length >>> 16;
  bytes[at + 7] = length >>> 8;
  bytes[at + 8] = length;
}

const NONE = new Uint8Array(0);
