/**
 * Intended differences of this relay from the Rust relay that a client can see. Each is the first cell of a row in
 * docs/protocol.md, with the reason that a run prints.
 */
const DIFFERENCES = {
  'refusals over HTTP': 'a program reads the code, people read the same text',
  'POST /check': 'a page learns neither status nor body of a refused upgrade',
  'second connection of one session':
    'with both closed, a half-open connection ends its successor; two programs on one session must learn of it, and a client on a flapping link must never be locked out',
  'text or undecodable frame': 'a client without a reason reconnects and sends the same again',
  'text frame ping': 'a client that only receives must be able to show that it reads',
  'envelope with too much beside its payload':
    'each text is copied and each relay is an object: a frame of 16 MiB took 2 GB of memory',
  'frame over the limit': 'a client without a reason sends the same again',
  'sid over 1,024 bytes': 'the state of a session must fit a hibernating socket',
  'upgrade by another method than GET': 'workerd accepts only GET, as does RFC 6455 §4.1',
  'token for more than a day': 'a relay with a false time could make a peer sign a token for decades',
  'token from the future': 'the same',
  'token for another relay': 'another relay could replay the token, and take over session and mailbox',
  'compression, where a client offers it':
    'the Worker selects none; workerd on one machine accepts the offer before the Worker runs',
  'stored message whose time is over': 'nobody waits for its answer, and a late run may do harm',
  'mailbox full': 'a sender can react to an error; a dropped message is silent',
  'counters whose name has no _total': 'dashboards keep their names; Prometheus’ check would refuse them as counters',
  'metrics of the process': 'a Worker has no process of its own',
  'federated error names its session': 'as in every other error of the relay',
  'federation: 404 of one of several relays': 'the twin may be connected to another of its relays',
  'federation: 408 and 429': 'both say “later”: the envelope may pass in a second',
  'federation ingress: brought again':
    'a captured envelope could be replayed thousands of times; a relay whose 202 was lost still gets 202',
  'federation: why another relay refused': '“offline” for a bad signature misleads its reader',
  'federation ingress: unsigned or forged':
    'anyone who reaches the port could speak for any twin; errors of “twin 0” are a relay’s own word',
  'federation ingress: split differently':
    'the signed string has no separators: without the seal, any twin could forge any other’s signature',
  'federation ingress: implausible':
    'fields that no honest sender writes show that a signed string was split differently',
  'federation ingress: expired': 'its sender has given up',
  'federation ingress: nobody here': 'nobody would ever fetch it, and it would fill the store',
  'federation ingress: too large': 'a stranger may not send more than a session',
  'federation: batches': 'most of the price of a message to another relay is its request',
  'federation ingress: a loop': 'two relays would hand it to each other for ever',
} as const;

/** The first cell of a row of docs/protocol.md. */
export type Difference = keyof typeof DIFFERENCES;

/** Every row that a case may cite. */
export const DIFFERENCE_NAMES: readonly string[] = Object.keys(DIFFERENCES);

/** Returns the difference and its reason in one line. */
export function reasonOf(difference: Difference): string {
  return `${difference}: ${DIFFERENCES[difference]}`;
}
