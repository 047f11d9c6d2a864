import type { ConnectedBus } from '../connected-bus.ts';
import { type OwnTwin, openOwnBus } from './own-bus.ts';

/** A bus that is open, or opens, and the clients that keep it open. */
interface Shared {
  readonly opening: Promise<ConnectedBus>;
  readonly users: Set<object>;
}

/**
 * By twin and relay: all clients of a twin share one bus. Programs make many GridClients and disconnect few of them. A
 * session for each would exhaust the relay's limits.
 */
const open = new Map<string, Shared>();

/**
 * Resolves with the bus of a twin, which this user keeps open from now on. The first user's session name counts.
 * Throws an `RmbError` when the bus cannot be opened; the next call tries again.
 */
export async function joinBus(own: OwnTwin, user: object): Promise<ConnectedBus> {
  const key = keyOf(own);
  const shared = open.get(key) ?? { opening: openOwnBus(own), users: new Set() };
  open.set(key, shared);
  shared.users.add(user);
  try {
    return await shared.opening;
  } catch (error) {
    if (open.get(key) === shared) open.delete(key);
    throw error;
  }
}

/** Gives up a user's part in a bus. Resolves when the bus is closed, or at once if others use it. */
export async function leaveBus(own: OwnTwin, user: object): Promise<void> {
  const key = keyOf(own);
  const shared = open.get(key);
  if (shared?.users.delete(user) !== true || shared.users.size > 0) return;
  open.delete(key);
  const bus = await shared.opening.catch(() => undefined);
  await bus?.close();
}

function keyOf({ chainUrl, relayUrl, keyType, pk }: OwnTwin): string {
  return JSON.stringify([chainUrl, relayUrl, keyType, pk.join()]);
}
