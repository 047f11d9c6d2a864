/** The names of RMB's lists and keys in Redis, as all its programs know them. */
export const QUEUES = {
  requests: 'msgbus.system.local',
  responses: 'msgbus.system.reply',
  command: (command: string) => `msgbus.${command}`,
  backlog: (uid: string) => `msgbus.backlog.${uid}`,
} as const;

/** A key beside a queue of entries. Its name holds a version, which changes when what the key holds does. */
function own(queue: string, what: string): string {
  return `msgbus.system.v2.${queue.replace(/^msgbus\.system\./, '')}.${what}`;
}

/** What this peer keeps beside them: no command of a stranger begins with `system.`, so none can name it. */
export const KEYS = {
  /** Hash: claimed entries, until they are settled. */
  claimed: (queue: string) => own(queue, 'claimed'),
  /** The order of the last claim: an older one says that Redis came back with an older copy. */
  lastClaim: (queue: string) => own(queue, 'last-claim'),
  /** List: entries that could not be read, with the reason. */
  malformed: 'msgbus.system.malformed',
  /** What came once, and must not be delivered again. */
  seen: (what: string) => `msgbus.system.seen.${what}`,
  /** List beside a service's queue: the sum of its entries' sizes, then each entry's size and the end of its time. */
  sizes: (command: string) => `msgbus.system.sizes.${command}`,
  /** Set: commands of which a service has taken a request. */
  served: 'msgbus.system.v2.served',
  /** Hash: source twin → what it has in queues that were never served, as `<queues> <bytes> <end of their time>`. */
  neverServed: 'msgbus.system.v2.never-served',
  /** Hash: command → what one twin has in its queue, as `<bytes> <end of its time>`. */
  neverServedOf: (twin: number) => `msgbus.system.v2.never-served.${twin}`,
  /** A command whose queue is the reply list of a local program. */
  replyList: (queue: string) => `msgbus.system.v2.reply-list.${queue}`,
  /** What the chain said of a twin. */
  twin: (network: string, id: number) => `msgbus.system.twin.${network}.${id}`,
  /** The id of an account's twin. */
  ownTwin: (network: string, account: string) => `msgbus.system.own-twin.${network}.${account}`,
} as const;

/** Returns whether a key is the peer's own: no list of a service or program. */
export function isOwnKey(key: string): boolean {
  return /^msgbus\.(system|backlog)\./.test(key);
}

/** A list without a reader keeps this many entries: a program's replies the newest, a service's queue the oldest. */
export const MAX_ENTRIES = 10_000;
/** And a service's queue this many bytes. */
export const MAX_QUEUE_BYTES = 64 * 2 ** 20;

/** All queues of which no service has taken anything: so many, and so many bytes; of each source twin a tenth. */
export const MAX_NEVER_SERVED = { queues: 1_000, bytes: 64 * 2 ** 20 } as const;
/** A list in which a program waited for replies takes no requests for this long, seconds. */
export const REPLY_LIST_SECONDS = 86_400;

/** Of entries that could not be read the newest are kept, cut to this many characters. */
export const MAX_MALFORMED = 1_000;
export const MAX_MALFORMED_LENGTH = 16_384;
