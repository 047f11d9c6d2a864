import type { PeerFault } from '../errors.ts';

/** Twins by id. */
type Twins = ReadonlySet<number>;

/** Which twins may call which commands. */
export interface Admission {
  /** Twins that may call any command; absent: all twins. */
  readonly allow?: Twins;
  /** Command → twins that may call it. Replaces `allow` for that command. */
  readonly allowFor?: ReadonlyMap<string, Twins>;
  /** Commands that programs here serve; absent: any. */
  readonly served?: ReadonlySet<string>;
  /** Whether a twin with a key on chain must encrypt its requests. */
  readonly requireCipher?: boolean;
}

/** Every twin may call this command: it names the peer's version, and `ping` and `doctor` need it. */
const OPEN_COMMAND = 'rmb.version';

/** Returns why a twin may not call a command; undefined if it may. */
export function callerFault({ allow, allowFor }: Admission, command: string, twin: number): PeerFault | undefined {
  const twins = allowFor?.get(command) ?? allow;
  if (twins === undefined || twins.has(twin) || command === OPEN_COMMAND) return undefined;
  return { reason: 'not-allowed', detail: `twin ${twin} may not call '${command}' here` };
}

/** Returns why no program serves a command; undefined if one may. */
export function commandFault({ served }: Admission, command: string): PeerFault | undefined {
  if (served === undefined || served.has(command)) return undefined;
  return { reason: 'not-served', detail: `'${command}' is not served here: it is not in this peer's list of commands` };
}
