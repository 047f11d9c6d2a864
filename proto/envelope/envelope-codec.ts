import { type Address as WireAddress, Envelope as WireEnvelope } from '../codec.js';
import type { DecodeFault } from '../decode-fault.ts';
import { err, ok, type Result } from '../result.ts';
import { fromHalves, read, toHalves, wellFormed, write } from '../wire.ts';
import { type Address, isU32 } from './address.ts';
import { boundsFault } from './envelope-bounds.ts';

/** The kind of an envelope, with its fields. */
export type Content =
  | { kind: 'request'; command: string }
  | { kind: 'response' }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'ping' }
  | { kind: 'pong' };

/** The payload of an envelope: `plain` bytes, or `cipher` bytes that only the destination can open. */
export interface Payload {
  kind: 'plain' | 'cipher';
  bytes: Uint8Array;
}

/** The only message on the wire. An absent optional field differs from an empty one. */
export interface Envelope {
  uid: string;
  /** Tokens separated by commas or white space. */
  tags?: string;
  /** Seconds since 1970, u64. */
  timestamp: bigint;
  /** Seconds after the timestamp, u64. */
  expiration: bigint;
  source?: Address;
  destination?: Address;
  content?: Content;
  /** A type byte and 64 bytes, if it is well-formed. */
  signature?: Uint8Array;
  schema?: string;
  /** Deprecated, still signed. */
  federation?: string;
  payload?: Payload;
  /** Deprecated, still signed. */
  relays: string[];
}

function u32(value: number, title: string): number {
  if (!isU32(value)) throw new RangeError(`"${title}" expected a u32, got ${value}`);
  return value;
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : wellFormed(value);
}

function wireAddress(address: Address | undefined, title: string): WireAddress.$Properties | undefined {
  return address && { twin: u32(address.twin, title), connection: text(address.connection) };
}

function wireContent(content: Content): WireEnvelope.$Properties {
  switch (content.kind) {
    case 'request':
      return { request: { command: wellFormed(content.command) } };
    case 'response':
      return { response: {} };
    case 'error':
      return { error: { code: u32(content.code, 'error.code'), message: wellFormed(content.message) } };
    case 'ping':
      return { ping: {} };
    case 'pong':
      return { pong: {} };
  }
}

function addressOf(wire: WireAddress.$Properties | null | undefined): Address | undefined {
  if (!wire) return undefined;
  const twin = wire.twin ?? 0;
  return wire.connection == null ? { twin } : { twin, connection: wire.connection };
}

function contentOf(wire: WireEnvelope): Content | undefined {
  if (wire.request) return { kind: 'request', command: wire.request.command ?? '' };
  if (wire.response) return { kind: 'response' };
  if (wire.error) return { kind: 'error', code: wire.error.code ?? 0, message: wire.error.message ?? '' };
  if (wire.ping) return { kind: 'ping' };
  if (wire.pong) return { kind: 'pong' };
  return undefined;
}

function payloadOf(wire: WireEnvelope): Payload | undefined {
  if (wire.plain) return { kind: 'plain', bytes: wire.plain };
  if (wire.cipher) return { kind: 'cipher', bytes: wire.cipher };
  return undefined;
}

/**
 * Encodes an envelope for a frame or a POST body: protobuf, with the fields in the reference's order (the two oneofs
 * last), so that both implementations encode equal envelopes to equal bytes.
 * @throws RangeError when a number does not fit its field
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const parts: WireEnvelope.$Properties[] = [
    {
      uid: wellFormed(envelope.uid),
      tags: text(envelope.tags),
      timestamp: toHalves(envelope.timestamp, 'timestamp'),
      expiration: toHalves(envelope.expiration, 'expiration'),
      source: wireAddress(envelope.source, 'source.twin'),
      destination: wireAddress(envelope.destination, 'destination.twin'),
      signature: envelope.signature,
      schema: text(envelope.schema),
      federation: text(envelope.federation),
      relays: envelope.relays.map(wellFormed),
    },
  ];
  if (envelope.content) parts.push(wireContent(envelope.content));
  if (envelope.payload) parts.push({ [envelope.payload.kind]: envelope.payload.bytes });
  return write(WireEnvelope, parts);
}

/**
 * Decodes a frame. Never throws: truncated input, a known field of another wire type and invalid UTF-8 are `malformed`.
 * Unknown fields are skipped, a repeated sub-message is merged, and the last of a repeated oneof wins. No bytes are an
 * empty envelope. Signature and payload are views on `bytes`. More than 32 relays, or more than 64 KiB besides the
 * payload, are `malformed` as well, which is found before anything is copied.
 */
export function decodeEnvelope(bytes: Uint8Array): Result<Envelope, DecodeFault> {
  const detail = boundsFault(bytes);
  if (detail !== undefined) return err({ reason: 'malformed', detail });
  const decoded = read(WireEnvelope, bytes);
  if (!decoded.ok) return decoded;
  const wire = decoded.value;
  return ok({
    uid: wire.uid,
    tags: wire.tags ?? undefined,
    timestamp: fromHalves(wire.timestamp),
    expiration: fromHalves(wire.expiration),
    source: addressOf(wire.source),
    destination: addressOf(wire.destination),
    content: contentOf(wire),
    signature: wire.signature ?? undefined,
    schema: wire.schema ?? undefined,
    federation: wire.federation ?? undefined,
    payload: payloadOf(wire),
    relays: wire.relays,
  });
}
