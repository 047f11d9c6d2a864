/**
 * Every reason for which a relay refuses an envelope of one of its sessions. The reason is the label of the metric; its
 * text is the message of the error envelope. The texts up to `rejected` are those of the Rust relay, because programs
 * compare them.
 */
export type Reason =
  | 'rate-limited'
  | 'wrong-source'
  | 'missing-destination'
  | 'bad-sid'
  | 'unknown-twin'
  | 'no-relay'
  | 'offline'
  | 'expired'
  | Rejection
  | 'unreachable'
  | 'not-a-relay'
  | 'private-relay'
  | 'lookup-failed'
  | 'mailbox-full'
  | 'mailbox-share'
  | 'outbox-full'
  | 'undelivered'
  | 'relay-version'
  | 'overloaded';

/** Why another relay refused an envelope for good. `rejected` is its 404: the destination is offline. */
export type Rejection =
  | 'rejected'
  | 'rejected-form'
  | 'rejected-sender'
  | 'rejected-late'
  | 'rejected-size'
  | 'rejected-loop'
  | 'rejected-other';

const TEXT: Record<Reason, string> = {
  'rate-limited': 'exceeded rate limits, dropping message',
  'wrong-source': 'message wrong source',
  'missing-destination': 'message with missing destination',
  'bad-sid': 'destination session has a sid of more than 1024 bytes',
  'unknown-twin': 'unknown twin destination',
  'no-relay': 'relay info is not set for this twin',
  offline: 'destination offline',
  expired: 'message has expired',
  rejected: 'remote relay rejected permanently: destination offline',
  'rejected-form': 'remote relay rejected permanently: it takes no such message, or none of this size',
  'rejected-sender': 'remote relay rejected permanently: it does not accept the sender or its signature',
  'rejected-late': 'remote relay rejected permanently: message has expired',
  'rejected-size': 'remote relay rejected permanently: message is too large for it',
  'rejected-loop': 'remote relay rejected permanently: it is this relay itself, under another name',
  'rejected-other': 'remote relay rejected permanently: it gave no known reason',
  unreachable: 'no relay of this twin is reachable from here',
  'not-a-relay': 'the host that this twin has on chain as its relay is another server, not a relay',
  'private-relay': 'the relay of this twin is at a private address, which this relay does not use',
  'lookup-failed': 'destination twin cannot be looked up: the chain is out of reach, try again later',
  'mailbox-full': 'mailbox of the destination is full, try again later',
  'mailbox-share': 'your messages fill their share of the mailbox of the destination, try again later',
  'outbox-full': 'too much is waiting for this destination, try again later',
  undelivered: 'destination could not be reached inside the relay, try again',
  'relay-version': 'the relay changes its version and cannot serve the destination, try again later',
  overloaded: 'overloaded, try again later',
};

/**
 * Returns the text of `error.message` for a reason. The code is 0, as at the Rust relay.
 * @param seconds after which the destination may take it; known only of `overloaded`
 */
export function reasonText(reason: Reason, seconds?: number): string {
  return reason === 'overloaded' && seconds !== undefined ? `overloaded, try again in ${seconds} s` : TEXT[reason];
}

/** Returns the seconds of a relay's "overloaded, try again in N s"; undefined of any other text. */
export function secondsOf(message: string): number | undefined {
  const [, seconds] = /^overloaded, try again in (\d{1,9}) s$/.exec(message) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
}
