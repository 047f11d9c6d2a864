import type { TwinPresence } from '../proto/custody/presence.ts';
import type { RelayPresence } from './session/session.ts';

/** A twin, as the connected relays see it. */
export interface Presence {
  readonly twin: number;
  /**
   * `away`: no session of it is connected here; it may be at another relay. `unknown`: the chain has no such twin.
   * `unavailable`: no relay can tell now.
   */
  readonly state: TwinPresence['state'];
  /** host[:port] of the relay that says so. */
  readonly relay: string;
  /** Messages that wait for it there. */
  readonly waiting: number;
  /** When it was last seen there; undefined if the relay does not know. */
  readonly seenAt: Date | undefined;
}

/** What says most comes first. */
const RANK: readonly TwinPresence['state'][] = ['connected', 'away', 'unknown', 'unavailable'];

/** Returns what the relays know of each twin: of several answers, the one that says most. */
export function mergePresence(twins: readonly number[], told: readonly RelayPresence[]): Presence[] {
  return twins.flatMap((twin, n) => {
    const answers = told.flatMap(({ relay, twins: each }) => {
      const { state, waiting, seenAt } = each[n] ?? { state: 'unavailable', waiting: 0 };
      return [{ twin, state, relay, waiting, seenAt: seenAt === undefined ? undefined : new Date(seenAt * 1000) }];
    });
    return answers.sort(byRank).slice(0, 1);
  });
}

function byRank(a: Presence, b: Presence): number {
  const [first, second] = [RANK.indexOf(a.state), RANK.indexOf(b.state)];
  return first - second || (b.seenAt?.getTime() ?? 0) - (a.seenAt?.getTime() ?? 0);
}
