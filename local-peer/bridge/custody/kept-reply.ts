import { decodeEnvelope, expiresAt } from '../../../proto/envelope/envelope.ts';

/** A sealed reply that a crash has left in Redis. */
export interface KeptReply {
  readonly bytes: Uint8Array;
  readonly uid: string;
  /** The twin that it is for. */
  readonly to: number;
  /** Seconds of its life that are left; 0 or less when it is over. */
  readonly seconds: number;
}

/** Reads the bytes of a sealed reply; undefined when they are none. @param now Unix seconds, by the relays' clocks */
export function readKeptReply(bytes: Uint8Array, now: number): KeptReply | undefined {
  const decoded = decodeEnvelope(bytes);
  if (!decoded.ok || decoded.value.destination === undefined) return undefined;
  const { uid, destination } = decoded.value;
  return { bytes, uid, to: destination.twin, seconds: Number(expiresAt(decoded.value)) - now };
}
