import type { Primitives } from '../proto/crypto/primitives.ts';
import type { Address } from '../proto/envelope/address.ts';
import { type Asked, type Askers, Asking } from './ask.ts';
import { Repeating } from './custody/repeating.ts';
import type { TwinDirectory } from './directory/known-twin.ts';
import { isKeyOnChain } from './directory/own-key.ts';
import type { Keys } from './identity/signer.ts';
import type { Count, Log, PartState, Wakes } from './ports.ts';
import { Receiving } from './receiving/receiving.ts';
import { EndToEnd } from './seal.ts';
import { Sending } from './sending/sending.ts';
import { type Served, Serving } from './serve.ts';
import { Replying } from './serving/replying.ts';
import { SentReplies } from './serving/sent-replies.ts';
import type { Clock } from './session/clock.ts';
import { Session } from './session/session.ts';
import type { Dial } from './session/socket.ts';

/** Parts of a twin on the bus. */
export interface BusParts {
  /** The twin, and the sid of its session. */
  readonly own: Address;
  readonly identity: Keys;
  readonly primitives: Primitives;
  readonly twins: TwinDirectory;
  readonly clock: Clock;
  /** ws(s)://host[:port] of each relay. */
  readonly relays: readonly URL[];
  readonly dial: Dial;
  readonly log: Log;
  readonly count: Count;
  /** Tells when sockets should be looked at; absent where the host never sleeps. */
  readonly wakes?: Wakes | undefined;
  /** Whether relays are offered custody; true when absent. */
  readonly offersCustody?: boolean;
  /** Reports the state of a relay, by its host[:port]. */
  onRelay(relay: string, state: PartState): void;
  /** The envelopes without a receipt are others than before, or senders wait for room. */
  onKept?(): void;
}

/** The way out. */
export interface Outgoing {
  readonly sending: Sending;
  readonly replying: Replying;
  /** Returns whether a session has sealed an envelope within a day: only our peers do. */
  isOurs(session: Address): boolean;
}

/** The user of a bus: what it serves, and who asks. */
export interface BusUser<Request extends Asked> {
  readonly served: Served;
  readonly askers: Askers<Request>;
}

/**
 * Joins a twin to its relays: the one core of the daemon, the commands and `connect`. The user of the bus brings what
 * is durable, in Redis or in memory.
 * @param use returns the user; `sending` and `replying` work as soon as a relay is connected
 */
export function openBus<Request extends Asked, User extends BusUser<Request>>(
  parts: BusParts,
  use: (outgoing: Outgoing) => User & BusUser<Request>,
): { readonly session: Session; readonly user: User } {
  const { own, identity, primitives, twins, clock, relays, dial, log, onRelay } = parts;
  const { e2ePublicKey: pk } = identity;
  const isOnChain = async () => pk !== undefined && isKeyOnChain(twins, own.twin, pk);
  const repeating = new Repeating(async (uid) => (await askers.find(uid)) !== undefined);
  const onSealed = (source: Address) => repeating.sealed(source);
  const endToEnd = new EndToEnd({ identity, twins, primitives, isKeyOnChain: isOnChain, onSealed });
  const up = new Set<string>();
  const session: Session = new Session({
    own,
    identity,
    relays,
    dial,
    clock,
    log,
    count: parts.count,
    wakes: parts.wakes,
    offersCustody: parts.offersCustody,
    isWorthRepeating: (bytes) => repeating.isWorthRepeating(bytes),
    onRelay: (relay, state) => {
      if (state.isUp) parts.count('relay-connected', relay);
      else if (up.has(relay)) parts.count('relay-lost', relay);
      if (state.isUp) up.add(relay);
      else up.delete(relay);
      onRelay(relay, state);
    },
    onKept: () => parts.onKept?.(),
    onFrame: (frame) => receiving.frame(frame),
    onTooLarge: (envelope, limit) => {
      const told = envelope.isRequest ? askers.tooLarge(envelope, limit) : replying.tooLarge(envelope, limit);
      told.catch((error: unknown) =>
        log.error({ error: String(error) }, 'failed to report a message that is too large'),
      );
    },
  });
  const sending = new Sending({ endToEnd, twins, uplink: session });
  const replying = new Replying({ own, sending, replies: new SentReplies(), clock, log });
  const user = use({ sending, replying, isOurs: (session) => repeating.isOurs(session) });
  const { served, askers } = user;
  const hasKey = async (twin: number) => (await twins.get(twin))?.key.kind !== 'absent';
  const { count } = parts;
  const serving = new Serving({ ...served, own, endToEnd, primitives, replying, clock, hasKey, log, count });
  const onAnswered = (uid: string, twin: number) => repeating.answered(uid, twin);
  const onOverloaded = (twin: number, seconds: number) => session.pause(twin, seconds);
  const asking = new Asking({ own, endToEnd, primitives, askers, clock, log, count, onAnswered, onOverloaded });
  const receiving = new Receiving({ serving, asking, log, count });
  session.open();
  return { session, user };
}
