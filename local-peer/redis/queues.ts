/** Names of RMB's lists and keys in Redis, shared with all its programs. */
export const QUEUES = {
  requests: 'msgbus.system.local',
  responses: 'msgbus.system.reply',
  command: (command: string) => `msgbus.${command}`,
  backlog: (uid: string) => `msgbus.backlog.${uid}`,
  status: (name: string) => `msgbus.status.${name}`,
} as const;

/** Returns a key beside a queue of entries. Its name has a version, which changes with the form of its content. */
function own(queue: string, what: string): string {
  return `msgbus.system.v2.${queue.replace(/^msgbus\.system\./, '')}.${what}`;
}

/** Keys of this peer. No command of a stranger begins with `system.`, so none can name them. */
export const KEYS = {
  /** Hash: claimed entries, until they are settled. */
  claimed: (queue: string) => own(queue, 'claimed'),
  /** The order of the last claim: an older one means that Redis came back with an older copy. */
  lastClaim: (queue: string) => own(queue, 'last-claim'),
  /** List: entries that could not be read, with the reason. */
  malformed: 'msgbus.system.malformed',
  /** Mark of something that must not be delivered again. */
  seen: (what: string) => `msgbus.system.seen.${what}`,
  /** List beside a service's queue: the sum of its entries' sizes, then each entry's size and the end of its time. */
  sizes: (command: string) => `msgbus.system.sizes.${command}`,
  /** Set: commands of which a service has popped a request. */
  served: 'msgbus.system.v2.served',
  /** Hash: source twin → its share of queues that were never served, as `<queues> <bytes> <expiry>`. */
  neverServed: 'msgbus.system.v2.never-served',
  /** Hash: command → one twin's share of its queue, as `<bytes> <expiry>`. */
  neverServedOf: (twin: number) => `msgbus.system.v2.never-served.${twin}`,
  /** Mark of a command whose queue is the reply list of a local program. */
  replyList: (queue: string) => `msgbus.system.v2.reply-list.${queue}`,
  /** The credit of a stream that a service may send to a twin; absent when it must send no more. */
  credit: (twin: number, uid: string) => `msgbus.system.stream.${twin}.${uid}`,
  /** Sorted set: registrations of services for `rmb.commands`, each with the Unix second at which it ends. */
  commands: 'msgbus.system.commands',
  /** The chain's record of a twin. */
  twin: (network: string, id: number) => `msgbus.system.twin.${network}.${id}`,
  /** The id of an account's twin. */
  ownTwin: (network: string, account: string) => `msgbus.system.own-twin.${network}.${account}`,
} as const;

/** Returns whether a key is the peer's own, and no list of a service or program. */
export function isOwnKey(key: string): boolean {
  return /^msgbus\.(system|backlog)\./.test(key);
}

/** Entries in a list without a reader: a reply list keeps the newest, a service's queue the oldest. */
export const MAX_ENTRIES = 10_000;
/** Bytes in a service's queue. */
export const MAX_QUEUE_BYTES = 64 * 2 ** 20;

/** Limits of all queues from which no service has popped; a tenth for each source twin. */
export const MAX_NEVER_SERVED = { queues: 1_000, bytes: 64 * 2 ** 20 } as const;
/** A reply list of a program takes no requests for this long, seconds. */
export const REPLY_LIST_SECONDS = 86_400;

/** Malformed entries that are kept, the newest, and the length that each is cut to. */
export const MAX_MALFORMED = 1_000;
export const MAX_MALFORMED_LENGTH = 16_384;
