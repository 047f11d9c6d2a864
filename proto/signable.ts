/** Characters of a uid and of a sid that we sign at most. */
const MAX_LENGTH = 64;
const UID = /^[A-Za-z0-9_.:-]{0,64}$/;
const SID = /^[A-Za-z0-9_-]{0,64}$/;
/** A timestamp of this century has ten digits, an expiration at least one. */
const TIMES_DIGITS = 11;

/**
 * Says whether we sign a reply to this uid. The uid is the asker's, and the signed string begins with it: it must not
 * hold what reads as the head of an envelope of ours, `‹timestamp›‹expiration›‹our id›`.
 * @param twin our own
 */
export function isSignableUid(uid: string, twin: number): boolean {
  return uid.length <= MAX_LENGTH && UID.test(uid) && !holdsHead(uid, `${twin}`);
}

/** Says whether we sign a reply to this sid. */
export function isSignableSid(sid: string | undefined): boolean {
  return sid === undefined || (sid.length <= MAX_LENGTH && SID.test(sid));
}

/** Whether a run of digits has our id behind the digits that a timestamp and an expiration take. */
function holdsHead(uid: string, id: string): boolean {
  return (uid.match(/\d+/g) ?? []).some((run) => run.indexOf(id, TIMES_DIGITS) >= 0);
}
