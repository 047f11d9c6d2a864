import { randomUUID } from 'node:crypto';
import type { Address } from '../../../proto/envelope/address.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';

/** A request as a program would send it, unsigned: a relay looks at no signature. */
export function request(
  source: Address | undefined,
  destination: Address | undefined,
  fields: Partial<Envelope> = {},
): Envelope {
  return {
    uid: randomUUID(),
    timestamp: BigInt(Math.floor(Date.now() / 1000)),
    expiration: 60n,
    content: { kind: 'request', command: 'test.echo' },
    payload: { kind: 'plain', bytes: new TextEncoder().encode('hello') },
    relays: [],
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...fields,
  };
}
