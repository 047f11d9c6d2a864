import { decodeEnvelope, type Envelope } from '../../proto/envelope/envelope.ts';

/** Returns an envelope of this client’s own, decoded; undefined when its bytes are none. */
export function ownEnvelope(bytes: Uint8Array): Envelope | undefined {
  const decoded = decodeEnvelope(bytes);
  return decoded.ok ? decoded.value : undefined;
}

/** Returns the twin that an envelope is for; undefined when its bytes are no envelope. */
export function destinationOf(bytes: Uint8Array): number | undefined {
  return ownEnvelope(bytes)?.destination?.twin;
}

/** Returns whether an envelope is a request. */
export function isRequest(bytes: Uint8Array): boolean {
  return ownEnvelope(bytes)?.content?.kind === 'request';
}
