/** Characters of a uid and of a sid in a signed reply. */
const MAX_LENGTH = 64;
const UID = /^[A-Za-z0-9_.:-]{0,64}$/;
const SID = /^[A-Za-z0-9_-]{0,64}$/;
/** A timestamp of this century has ten digits, an expiration at least one. */
const TIMES_DIGITS = 11;

/**
 * Returns whether a twin signs a reply with this uid. The requester chooses the uid, and the signed string starts with it:
 * it must not hold text that reads as the head of an envelope of this twin, `‹timestamp›‹expiration›‹twin›`.
 * @param twin the replying twin
 */
export function isSignableUid(uid: string, twin: number): boolean {
  return uid.length <= MAX_LENGTH && UID.test(uid) && !holdsHead(uid, `${twin}`);
}

/** Returns whether a twin signs a reply with this sid. */
export function isSignableSid(sid: string | undefined): boolean {
  return sid === undefined || (sid.length <= MAX_LENGTH && SID.test(sid));
}

/** Returns whether a run of digits has the twin's id behind the digits of a timestamp and an expiration. */
function holdsHead(uid: string, id: string): boolean {
  return (uid.match(/\d+/g) ?? []).some((run) => run.indexOf(id, TIMES_DIGITS) >= 0);
}
