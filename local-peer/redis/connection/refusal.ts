import { ErrorReply } from 'redis';

/**
 * Fate of a refused command. `passing`: Redis may accept the same command a moment later. `away`: the peer cannot use
 * Redis until somebody changes it or the login. `final`: Redis refuses the command as long as the data is the same.
 */
export type Fate = 'passing' | 'away' | 'final';

/** Meaning of an error reply of Redis. */
export interface Refusal {
  /** First word of Redis' own text. Nothing else of that text reaches a user. */
  readonly code: string;
  readonly fate: Fate;
  readonly reason: string;
  readonly remedy: string;
  /** A new connection may lead to another server, or log in again. */
  readonly isDialledAgain: boolean;
}

type Meaning = Omit<Refusal, 'code'>;

const passing = (reason: string, remedy: string): Meaning => ({
  fate: 'passing',
  reason,
  remedy,
  isDialledAgain: false,
});
/** With a name or a virtual address, a failover moves only new connections. */
const failover = (reason: string, remedy: string): Meaning => ({ ...passing(reason, remedy), isDialledAgain: true });
const away = (reason: string, remedy: string): Meaning => ({ ...passing(reason, remedy), fate: 'away' });
const login = (reason: string, remedy: string): Meaning => ({ ...away(reason, remedy), isDialledAgain: true });
const final = (reason: string, remedy: string): Meaning => ({ ...passing(reason, remedy), fate: 'final' });

const PRIMARY = 'point --redis to the primary';
const LOGIN = 'correct user and password in --redis redis://user:password@host, or in Redis';
const ACL = 'give the user of --redis the ACL rules +@all -@dangerous ~msgbus.*';

/** Why the peer cannot use a Redis in cluster mode: its scripts work on several keys at once. */
export const CLUSTER = {
  reason: 'Redis runs in cluster mode, and the peer needs all its keys on one server',
  remedy: 'point --redis to a standalone Redis or Valkey',
} as const;
const cluster = away(CLUSTER.reason, CLUSTER.remedy);

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['READONLY', failover('Redis is a read-only replica', PRIMARY)],
  ['MASTERDOWN', failover('Redis is a replica without its primary', `${PRIMARY}, or start it`)],
  ['UNBLOCKED', failover('Redis has just become a replica', PRIMARY)],
  ['NOREPLICAS', failover('Redis has too few replicas to take writes', 'start them, or lower min-replicas-to-write')],
  ['LOADING', passing('Redis is loading its data', 'wait until it is done')],
  ['BUSY', passing('a script of another program keeps Redis busy', 'end that script with SCRIPT KILL')],
  ['OOM', passing('the memory of Redis is full', 'raise maxmemory, or delete lists that nobody reads')],
  ['MISCONF', passing('Redis cannot save to its disk', 'look at its log, and at the free space of its disk')],
  ['NOAUTH', login('Redis wants a password', LOGIN)],
  ['WRONGPASS', login('Redis refuses this user or password', LOGIN)],
  ['NOPERM', away('the ACL of Redis forbids this user a command or a key of the peer', ACL)],
  ['MOVED', cluster],
  ['ASK', cluster],
  ['CROSSSLOT', cluster],
  ['CLUSTERDOWN', cluster],
  ['TRYAGAIN', cluster],
  ['WRONGTYPE', final('another program has written a key of the peer', 'look at that key, and delete it')],
]);

/** Texts without a code of their own, and their meaning. */
const TEXTS: readonly (readonly [RegExp, string, Meaning])[] = [
  [/^ERR (invalid password|Client sent AUTH|AUTH)/, 'WRONGPASS', login('Redis refuses this user or password', LOGIN)],
  [
    /^ERR (The user executing the script|ACL failure in script)/,
    'NOPERM',
    away('the ACL of Redis forbids this user a command of the peer', ACL),
  ],
  // Redis reads a long command on a connection that has not logged in as an attack, and ends the connection.
  [/^(ERR )?Protocol error: unauthenticated/, 'NOAUTH', login('Redis wants a password', LOGIN)],
  [
    /^(ERR )?Protocol error/,
    'ERR',
    failover(
      'Redis did not understand this peer, and ends the connection',
      'look at what is between this peer and Redis',
    ),
  ],
  [/DB index/, 'ERR', away('Redis does not have the database of --redis', 'correct the number at the end of --redis')],
  [/^ERR max number of clients/, 'ERR', away('Redis takes no further connection', 'raise maxclients')],
  [
    /unknown (redis )?command/i,
    'ERR',
    final('Redis does not know a command of the peer', 'install Redis 6.2 or later, or Valkey'),
  ],
];
const UNKNOWN = final('Redis refuses a command', 'look at the log of Redis');

/** Prefix of a Redis before 7 when it refuses a command of a script. */
const OF_A_SCRIPT = /^(ERR Error running script \(call to \w+\): )?(@user_script: ?\d+: )+-?/;

/** Returns the meaning of an error; undefined when Redis did not answer at all. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  const text = error.message.replace(OF_A_SCRIPT, '');
  const found = TEXTS.find(([pattern]) => pattern.test(text));
  if (found !== undefined) return { code: found[1], ...found[2] };
  const [code = 'ERR'] = /^[A-Z]+\b/.exec(text) ?? [];
  return { code, ...(MEANINGS.get(code) ?? UNKNOWN) };
}

/** Returns whether the same command may succeed later: Redis is away, or cannot take it now. */
export function mayPass(error: unknown): boolean {
  return refusalOf(error)?.fate !== 'final';
}

/** Returns whether the ACL refused a command, or one of its keys, before it ran. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('NOPERM');
}
