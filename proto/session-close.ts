/** The close frame of a relay. Peers read its reason. */
export interface SessionClose {
  readonly code: number;
  readonly reason: string;
}

/** A newer connection of the same (twin, sid) has the session. It may be the same program or another one. */
export const TAKEN_OVER: SessionClose = { code: 4409, reason: 'session taken over by a newer connection' };
/** Two live connections took the session from each other twice within 10 s, so two programs use it. */
export const USED_TWICE: SessionClose = { code: 4409, reason: 'session used by another program' };
