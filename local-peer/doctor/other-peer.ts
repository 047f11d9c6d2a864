import { addSeal, checkSeal, splitSeal } from '../../proto/seal/seal.ts';
import { signEnvelope, verifyEnvelope } from '../../proto/signature.ts';
import { JSON_SCHEMA, noArgument } from '../cli/schema.ts';
import { freshUid } from '../uid.ts';
import { within } from './patience.ts';
import type { DoctorSession, SessionOwner } from './session.ts';

const ANSWER_MS = 2_000;
/** Of the question, seconds: what finds no peer is not kept for long. */
const LIFE = 5n;

/** Who holds the session of the twin that peers use. */
export type Holder =
  | { readonly kind: 'nobody' }
  /** A peer answered, which has left its note in our Redis. */
  | { readonly kind: 'ours' }
  | { readonly kind: 'another' };

/**
 * Asks whatever peer of this twin is at the relay for its version. A peer notes in its Redis which questions it has
 * answered: one that answers and leaves no note in ours works beside another Redis.
 * @param isNoted whether our Redis has the note of a uid
 */
export async function findHolder(
  session: DoctorSession,
  { twin, identity, now }: SessionOwner,
  isNoted: (uid: string) => Promise<boolean>,
): Promise<Holder> {
  const uid = freshUid();
  // A Go program takes nothing but JSON, and drops a request without a payload. It replies with a signed error, for
  // want of the command: it is there, too.
  const content = { kind: 'request', command: 'rmb.version' } as const;
  const body = { schema: JSON_SCHEMA, payload: { kind: 'plain', bytes: noArgument(JSON_SCHEMA) } } as const;
  const times = { timestamp: BigInt(now()), expiration: LIFE };
  const request = { uid, ...times, source: session.address, destination: { twin }, content, ...body, relays: [] };
  const sealed = addSeal(request);
  if (!sealed.ok) throw new Error(sealed.error.reason);
  session.send(await signEnvelope(sealed.value, identity));
  const answer = await within(ANSWER_MS, session.next(uid)).catch(() => undefined);
  if (answer === undefined || !checkSeal(answer, splitSeal(sealed.value.tags)?.seal).ok) return { kind: 'nobody' };
  if (!(await verifyEnvelope(answer, identity.account)).ok) return { kind: 'nobody' };
  return { kind: (await isNoted(uid)) ? 'ours' : 'another' };
}
