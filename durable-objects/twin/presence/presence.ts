import type { TwinPresence } from '../../../proto/custody/presence.ts';
import type { TwinLookup, TwinState } from '../../contract.ts';

/** The port of presence to its object. */
export interface PresencePort {
  lookup(twin: number): Promise<TwinLookup>;
  /** Asks the object of a twin. Rejects when it is away. */
  state(twin: number): Promise<TwinState>;
  /** Returns when twins were last reported (Unix ms), in their order. Rejects when that is not known now. */
  seen(twins: readonly number[]): Promise<readonly (number | undefined)[]>;
}

const UNAVAILABLE: TwinPresence = { state: 'unavailable', waiting: 0 };
const NEVER_HERE: TwinPresence = { state: 'away', waiting: 0 };

/**
 * Returns the presence of twins at this relay, in their order; never rejects. The question makes no object: it calls none
 * of an id that is not on chain, or of a twin that never connected (placement/has-object.ts).
 */
export async function presenceOf(twins: readonly number[], port: PresencePort): Promise<TwinPresence[]> {
  const seen = port.seen(twins).catch(() => undefined);
  return await Promise.all(
    twins.map(async (twin, n) => {
      const wasSeen = async () => {
        const times = await seen;
        return times === undefined || times[n] !== undefined;
      };
      const state = await stateOf(twin, port, wasSeen).catch(() => UNAVAILABLE);
      return withSeen(state, (await seen)?.[n]);
    }),
  );
}

/** @param wasSeen whether a stats object knows the twin, or cannot be asked */
async function stateOf(twin: number, port: PresencePort, wasSeen: () => Promise<boolean>): Promise<TwinPresence> {
  const lookup = await port.lookup(twin);
  if ('unavailable' in lookup) return UNAVAILABLE;
  if ('unknown' in lookup) return { state: 'unknown', waiting: 0 };
  if (lookup.region === undefined && !(await wasSeen())) return NEVER_HERE;
  const { isConnected, waiting, heardAt } = await port.state(twin);
  return withSeen({ state: isConnected ? 'connected' : 'away', waiting }, heardAt);
}

/** @param at Unix ms */
function withSeen(presence: TwinPresence, at: number | undefined): TwinPresence {
  const isKnown = presence.state === 'connected' || presence.state === 'away';
  if (!isKnown || at === undefined || presence.seenAt !== undefined) return presence;
  return { ...presence, seenAt: Math.floor(at / 1000) };
}
