import { Backlog as WireBacklog } from './codec.js';
import type { DecodeFault } from './decode-fault.ts';
import { ok, type Result } from './result.ts';
import { fromHalves, read, toHalves, wellFormed, write } from './wire.ts';

/** A note about a sent request, with which a peer assigns the replies. It is in Redis until the TTL ends. */
export interface Backlog {
  /** The uid of the request's envelopes. */
  readonly uid: string;
  /** The requester's own reference. */
  readonly reference?: string;
  /** The Redis list for the replies. */
  readonly replyTo: string;
  readonly module: string;
  /** Seconds, u64. */
  readonly ttl: bigint;
  /** The twins that may reply. Empty in a Rust peer's note. */
  readonly asked: readonly number[];
  /** The seals of their envelopes, in the same order. Empty for an envelope without a seal. */
  readonly seals: readonly string[];
  /** Whether each twin may reply several times. A release that does not know this gives each reply as a plain one. */
  readonly stream: boolean;
}

/** Encodes a note as peer.proto. @throws RangeError when `ttl` is not a u64 */
export function encodeBacklog(backlog: Backlog): Uint8Array {
  const { uid, reference, replyTo, module, ttl, asked, seals, stream } = backlog;
  return write<WireBacklog.$Properties>(WireBacklog, [
    {
      uid: wellFormed(uid),
      reference: reference === undefined ? undefined : wellFormed(reference),
      replyTo: wellFormed(replyTo),
      module: wellFormed(module),
      ttl: toHalves(ttl, 'ttl'),
      asked: [...asked],
      seals: seals.map(wellFormed),
      // Not written when false: the bytes are then those of a Rust peer.
      stream: stream ? true : undefined,
    },
  ]);
}

/** Decodes a note of `encodeBacklog` or of a Rust peer. Never throws. */
export function decodeBacklog(bytes: Uint8Array): Result<Backlog, DecodeFault> {
  const decoded = read(WireBacklog, bytes);
  if (!decoded.ok) return decoded;
  const { uid, reference, replyTo, module, ttl, asked, seals, stream } = decoded.value;
  return ok({ uid, reference: reference ?? undefined, replyTo, module, ttl: fromHalves(ttl), asked, seals, stream });
}
