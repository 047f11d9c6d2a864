import type { Address } from '../../proto/envelope/address.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { commandOf, encodeSignal, type Signal } from '../../proto/stream/signal.ts';
import type { Sending } from '../sending/sending.ts';
import { freshUid } from '../sending/uid.ts';
import type { Clock } from '../session/clock.ts';

/** Parts of the client that signals need. */
export interface SignalParts {
  /** The twin and sid that requests come from. */
  readonly own: Address;
  readonly sending: Pick<Sending, 'send'>;
  readonly clock: Clock;
}

/**
 * Sends a signal about a request. Nobody gets an error when it does not arrive: the request ends with its time.
 * @param seconds for which the request is of use
 */
export async function sendSignal(
  { own, sending, clock }: SignalParts,
  { to, seconds }: { readonly to: Address; readonly seconds: number },
  signal: Signal,
): Promise<void> {
  const envelope: Envelope = {
    uid: freshUid(),
    timestamp: BigInt(clock.seconds()),
    expiration: BigInt(seconds),
    source: own,
    destination: to,
    content: { kind: 'request', command: commandOf(signal) },
    payload: { kind: 'plain', bytes: encodeSignal(signal) },
    schema: 'application/json',
    relays: [],
  };
  await sending.send(envelope, to.twin, seconds).catch(() => undefined);
}
