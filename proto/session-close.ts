/** How a relay of ours closes a connection; a peer reads why. */
export interface SessionClose {
  readonly code: number;
  readonly reason: string;
}

/** A newer connection of the same (twin, sid) has the session. Nothing is known about who opened it. */
export const TAKEN_OVER: SessionClose = { code: 4409, reason: 'session taken over by a newer connection' };
/** Two live connections took the session from each other twice within 10 s, so two programs use it. */
export const USED_TWICE: SessionClose = { code: 4409, reason: 'session used by another program' };
