import { randomUUID } from 'node:crypto';
import type { Address } from '../../../proto/envelope/address.ts';
import type { Envelope, Payload } from '../../../proto/envelope/envelope.ts';
import { unixNow } from './stage.ts';

/** Returns an unsigned request: a relay checks no signatures of its sessions. */
export function request(source: Address | undefined, destination?: Address, fields: Partial<Envelope> = {}): Envelope {
  return {
    uid: randomUUID(),
    timestamp: BigInt(unixNow()),
    expiration: 60n,
    content: { kind: 'request', command: 'conformance.echo' },
    payload: plain('hello'),
    relays: [],
    ...(source && { source }),
    ...(destination && { destination }),
    ...fields,
  };
}

export function response(source: Address, destination: Address, fields: Partial<Envelope> = {}): Envelope {
  return request(source, destination, { content: { kind: 'response' }, ...fields });
}

/** Returns a ping as clients send it to their relay, without payload. */
export function ping(source: Address, destination?: Address, fields: Partial<Envelope> = {}): Envelope {
  const { payload: _, ...bare } = request(source, destination, { content: { kind: 'ping' } });
  return { ...bare, ...fields };
}

/** Returns an envelope without content: neither request nor anything else. */
export function blank(source: Address, destination: Address): Envelope {
  const { content: _, ...bare } = request(source, destination);
  return bare;
}

export function plain(text: string): Payload {
  return { kind: 'plain', bytes: new TextEncoder().encode(text) };
}

/** Returns a request with a payload of this many bytes. */
export function large(source: Address, destination: Address, size: number, fields: Partial<Envelope> = {}): Envelope {
  return request(source, destination, { payload: { kind: 'plain', bytes: new Uint8Array(size).fill(7) }, ...fields });
}
