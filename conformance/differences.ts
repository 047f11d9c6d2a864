/**
 * Where our relay differs from the Rust one on purpose, and a client can tell: each is a row of the table in
 * docs/protocol.md (its first cell), with the reason that a run prints.
 */
const DIFFERENCES = {
  'refusals over HTTP': 'a program reads the code; people read the same text inside',
  'second connection of one session':
    'closing both lets a half-open connection take its successor with it; two programs on one session must learn of it, and a client whose link flaps must never be locked out',
  'text or undecodable frame': 'a client without a reason reconnects and sends the same again',
  'envelope with too much beside its payload':
    'each of its texts is copied, and each relay is an object: a frame of 16 MiB took 2 GB of memory',
  'frame over the limit': 'a client that only sees its connection torn sends the same again',
  'sid over 1,024 bytes': 'a session must fit what the platform keeps for a sleeping socket',
  'upgrade by another method than GET': 'workerd itself takes no other (RFC 6455 §4.1 allows no other)',
  'token for more than a day':
    'a relay that tells a peer a wrong time could make it sign a key to its session for decades',
  'token from the future': 'the same',
  'token for another relay': 'a relay could replay a token it was given, and take session and mailbox elsewhere',
  'compression, where a client offers it':
    'the Worker asks for none; workerd on one’s own machine takes the offer before it is asked',
  'stored message whose time is over': 'nobody waits for its answer any more; a request that runs late may do harm',
  'mailbox full': 'a sender that is told can act; a dropped message is silence',
  'counters whose name has no _total':
    'the names stay what dashboards read; as counters Prometheus’s own check would refuse them',
  'metrics of the process': 'a Worker has no process of its own',
  'federated error names its session': 'every other error of the relay names the session it is for',
  'federation: 408 and 429': 'both say “later”: what would pass in a second is not given up',
  'federation ingress: brought again':
    'one captured envelope could be delivered thousands of times; a relay whose 202 was lost is answered 202 all the same',
  'federation: why another relay refused': '“offline” for a bad signature sends its reader looking in the wrong place',
  'federation ingress: unsigned or forged':
    'whoever can reach the port could speak for any twin; and errors of “twin 0” are a relay’s own word',
  'federation ingress: cut anew':
    'the signed string has no separators: without the seal, any twin could forge any other’s signature',
  'federation ingress: implausible': 'fields that no honest sender writes are marks of a signed string cut anew',
  'federation ingress: expired': 'its sender has given up, or will before it is answered',
  'federation ingress: nobody here': '202 for what nobody will ever fetch is a lie, and fills the store',
  'federation ingress: too large': 'what a session may not send, a stranger may not either',
  'federation ingress: a loop': 'what two relays hand each other for ever serves nobody',
} as const;

/** The first cell of a row of docs/protocol.md. */
export type Difference = keyof typeof DIFFERENCES;

/** Every row that a case may cite. */
export const DIFFERENCE_NAMES: readonly string[] = Object.keys(DIFFERENCES);

/** Why ours differs, in a line. */
export function reasonOf(difference: Difference): string {
  return `${difference}: ${DIFFERENCES[difference]}`;
}
