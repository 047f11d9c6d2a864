/**
 * Every reason for which the relay refuses a message of one of its sessions. The reason itself is the
 * metric label; its text is what the sender of a request reads in the error envelope. The texts up to
 * `rejected` are the Rust relay's, letter by letter: programs compare them.
 */
export type Refusal =
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
  | 'undelivered';

/** Why another relay refused a message for good. `rejected` is its 404: nobody there. */
export type Rejection =
  | 'rejected'
  | 'rejected-form'
  | 'rejected-sender'
  | 'rejected-late'
  | 'rejected-size'
  | 'rejected-loop'
  | 'rejected-other';

const TEXT: Record<Refusal, string> = {
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
  'not-a-relay': 'what stands on chain as relay of this twin answers as another server: it is no relay',
  'private-relay': 'the relay of this twin is at a private address, and this relay asks none',
  'lookup-failed': 'destination twin cannot be looked up: the chain is out of reach, try again later',
  'mailbox-full': 'mailbox of the destination is full, try again later',
  'mailbox-share': 'your messages fill their share of the mailbox of the destination, try again later',
  'outbox-full': 'too much is waiting for this destination, try again later',
  undelivered: 'destination could not be reached inside the relay, try again',
};

/** The text of `error.message` for a refusal. Its code is 0, as the Rust relay's always is. */
export function refusalText(reason: Refusal): string {
  return TEXT[reason];
}
