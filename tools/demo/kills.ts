import type { World } from './world.ts';

/** Requests between two kills: the check's 600 requests meet four. */
const REQUESTS_A_KILL = 130;

/** Kills of the relay during a check. */
export interface Kills {
  /** A request was sent, and is on its way now. */
  onSent(): void;
  /** Resolves with the number of kills, when the relay is up again after the last one. */
  ended(): Promise<number>;
}

/** Kills the relay of a world each time that so many requests were sent; never, when the world cannot. */
export function startKills({ killRelay }: World): Kills {
  let sent = 0;
  let kills = 0;
  let killing = Promise.resolve();
  return {
    onSent: () => {
      sent += 1;
      if (killRelay === undefined || sent % REQUESTS_A_KILL > 0) return;
      kills += 1;
      killing = killing.then(killRelay);
      // `ended` rejects with it.
      killing.catch(() => undefined);
    },
    ended: async () => {
      await killing;
      return kills;
    },
  };
}
