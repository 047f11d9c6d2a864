import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import { HASHES } from '../../../proto/hashes.ts';

/** The fields of an envelope that differ in a run. */
export interface Fields {
  readonly uid: string;
  readonly from: number;
  readonly to: number;
  /** Unix seconds. */
  readonly timestamp: number;
  /** Seconds. */
  readonly life: number;
  readonly size: number;
}

/** Returns a request. It is not signed: relays look at no signature, and the peers here trust each other. */
export function requestOf(fields: Fields, wantsReply: boolean): Uint8Array {
  return encodeEnvelope({
    ...common(fields),
    content: { kind: 'request', command: wantsReply ? 'ask' : 'tell' },
  });
}

export function replyOf(fields: Fields): Uint8Array {
  return encodeEnvelope({ ...common(fields), content: { kind: 'response' } });
}

function common({ uid, from, to, timestamp, life, size }: Fields): Envelope {
  return {
    uid,
    timestamp: BigInt(timestamp),
    expiration: BigInt(Math.max(1, Math.ceil(life))),
    source: { twin: from },
    destination: { twin: to },
    payload: { kind: 'plain', bytes: new Uint8Array(size) },
    relays: [],
  };
}

/** Returns the name by which a repeat of exactly these bytes is known. */
export function digestOf(bytes: Uint8Array): string {
  return HASHES.sha256Text([bytes]);
}

/** Returns the name by which a run knows an envelope, whatever its bytes. */
export function keyOf({ uid, source, destination, content }: Envelope): string {
  return `${content?.kind} ${source?.twin}.${uid}>${destination?.twin}`;
}
