import { freshUid } from '../../../client/sending/uid.ts';
import { PORTABLE } from '../../../proto/crypto/portable.ts';
import { signEnvelope, verifyEnvelope } from '../../../proto/crypto/signature.ts';
import { addSeal, checkSeal, splitSeal } from '../../../proto/seal/seal.ts';
import { JSON_SCHEMA, noArgument } from '../../cli/schema.ts';
import { within } from '../patience.ts';
import type { DoctorSession, SessionOwner } from './session.ts';

const ANSWER_MS = 2_000;
/** Life of the question, seconds: without a peer the relay keeps it only briefly. */
const LIFE = 5n;

/** The program that has the session without a sid, which peers use. */
export type Holder =
  | { readonly kind: 'nobody' }
  /** A peer answered and left its mark in this Redis. */
  | { readonly kind: 'own' }
  | { readonly kind: 'another' };

/**
 * Asks the peer of this twin at the relay for its version. A peer marks answered requests in its Redis: a peer that
 * answers and leaves no mark in this Redis uses another one.
 * @param isNoted whether this Redis has the mark of a uid
 */
export async function findHolder(
  session: DoctorSession,
  { twin, identity, now }: SessionOwner,
  isNoted: (uid: string) => Promise<boolean>,
): Promise<Holder> {
  const uid = freshUid();
  // A Go program accepts only JSON, and drops a request without a payload. It replies with a signed error, because it
  // does not have the command: that counts, too.
  const content = { kind: 'request', command: 'rmb.version' } as const;
  const body = { schema: JSON_SCHEMA, payload: { kind: 'plain', bytes: noArgument(JSON_SCHEMA) } } as const;
  const times = { timestamp: BigInt(now()), expiration: LIFE };
  const request = { uid, ...times, source: session.address, destination: { twin }, content, ...body, relays: [] };
  const sealed = addSeal(request);
  if (!sealed.ok) throw new Error(sealed.error.reason);
  session.send(await signEnvelope(sealed.value, identity));
  const answer = await within(ANSWER_MS, session.next(uid)).catch(() => undefined);
  if (answer === undefined || !checkSeal(answer, splitSeal(sealed.value.tags)?.seal).ok) return { kind: 'nobody' };
  if (!(await verifyEnvelope(answer, identity.account, PORTABLE)).ok) return { kind: 'nobody' };
  return { kind: (await isNoted(uid)) ? 'own' : 'another' };
}
