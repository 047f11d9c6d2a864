// Which of two connections gets a session. Pure: times in Unix ms.

/** Two switches between live connections within this time are a duel of two programs. */
const DUEL_MS = 10_000;
/** After a switch in a duel, newcomers are refused for this long. Otherwise two programs would switch for ever. */
const PAUSE_MS = 10_000;
/** A duel without a switch for this long is over. Longer than the 15 s after which a peer reconnects, so that both learn. */
const DUEL_OVER_MS = 60_000;

/** Live rivals of a session. */
export interface Rivalry {
  /** When a live connection last lost the session to a newer one; 0 if never. */
  readonly switchedAt: number;
  /** Two such switches followed each other closely. */
  readonly isDuel: boolean;
}

export const NO_RIVAL: Rivalry = { switchedAt: 0, isDuel: false };

/** Returns whether a newcomer gets the session. It is refused only in the pause of a duel. */
export function takesOver({ switchedAt, isDuel }: Rivalry, now: number): boolean {
  return !isDuel || now - switchedAt >= PAUSE_MS;
}

/** Returns whether a switch at `at` is part of a duel, if the connection that loses the session is alive. */
export function isDuelAt({ switchedAt, isDuel }: Rivalry, at: number): boolean {
  return switchedAt > 0 && Math.abs(at - switchedAt) < (isDuel ? DUEL_OVER_MS : DUEL_MS);
}

/**
 * Returns the rivalry after the connection that lost the session at `at` answered its close. Only a live client answers: a
 * connection that never does is no rival.
 */
export function afterAnswer(rivalry: Rivalry, at: number): Rivalry {
  return { switchedAt: Math.max(rivalry.switchedAt, at), isDuel: isDuelAt(rivalry, at) };
}
