import { err, ok, type Result } from '../result.ts';
import type { Address } from './address.ts';
import type { Envelope, Payload } from './envelope-codec.ts';

export { decodeEnvelope, type Envelope, encodeEnvelope, type Payload } from './envelope-codec.ts';

const MAX_U64 = 0xffff_ffff_ffff_ffffn;
/** The lifetime of an error of a relay, seconds. */
const ERROR_EXPIRATION = 300n;
/** A relay appends this to the payload of a ping. */
const PONG_TEXT = new TextEncoder().encode('hello world');

function seconds(now: number): bigint {
  return BigInt(Math.floor(now));
}

/**
 * Returns whether `tags`, separated by commas or white space, holds `tag` exactly. The list is not split, because a
 * stranger's may be long.
 */
export function hasTag(tags: string | undefined, tag: string): boolean {
  if (tags === undefined) return false;
  for (let at = tags.indexOf(tag); at >= 0; at = tags.indexOf(tag, at + 1)) {
    if (isBorder(tags[at - 1]) && isBorder(tags[at + tag.length])) return true;
  }
  return false;
}

/** Returns whether a tag ends at this character: the end of the list, a comma or white space. */
function isBorder(character: string | undefined): boolean {
  return character === undefined || /[\s,]/.test(character);
}

/** Returns when the envelope expires: seconds since 1970, at most 2^64-1. */
export function expiresAt(envelope: Pick<Envelope, 'timestamp' | 'expiration'>): bigint {
  const end = envelope.timestamp + envelope.expiration;
  return end > MAX_U64 ? MAX_U64 : end;
}

/** Returns whether the envelope is expired at `now` (seconds since 1970), in the second of its end already. */
export function isExpired(envelope: Pick<Envelope, 'timestamp' | 'expiration'>, now: number): boolean {
  return expiresAt(envelope) <= seconds(now);
}

/**
 * Returns the envelope with the timestamp `now` (seconds since 1970) and an expiration shortened by its age. A timestamp
 * of 0 or in the future counts as now. Fails if the envelope is expired.
 */
export function stamp(envelope: Envelope, now: number): Result<Envelope, { readonly reason: 'expired' }> {
  const timestamp = seconds(now);
  const age = envelope.timestamp === 0n || envelope.timestamp > timestamp ? 0n : timestamp - envelope.timestamp;
  if (envelope.expiration <= age) return err({ reason: 'expired' });
  return ok({ ...envelope, timestamp, expiration: envelope.expiration - age });
}

function pongPayload(payload: Payload | undefined): Payload {
  if (payload?.kind !== 'plain') return { kind: 'plain', bytes: PONG_TEXT };
  const bytes = new Uint8Array(payload.bytes.length + PONG_TEXT.length);
  bytes.set(payload.bytes);
  bytes.set(PONG_TEXT, payload.bytes.length);
  return { kind: 'plain', bytes };
}

/**
 * Returns a relay's reply to a ping: source and destination swapped, `hello world` appended to the plain payload (a cipher
 * is dropped). Other fields stay, the signature as well. A ping without destination has a pong without source.
 */
export function pongOf(ping: Envelope): Envelope {
  return {
    ...ping,
    source: ping.destination,
    destination: ping.source,
    content: { kind: 'pong' },
    payload: pongPayload(ping.payload),
  };
}

/**
 * Returns a relay's error for the session that sent a request: no source (twin 0), code 0, unsigned, the request's uid,
 * 300 s from `now` (seconds since 1970).
 */
export function errorReply(request: Envelope, session: Address, message: string, now: number): Envelope {
  return {
    uid: request.uid,
    timestamp: seconds(now),
    expiration: ERROR_EXPIRATION,
    destination: session,
    content: { kind: 'error', code: 0, message },
    relays: [],
  };
}
