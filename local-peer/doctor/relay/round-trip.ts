import { nodePrimitives } from '../../../client/crypto/node-primitives.ts';
import { knownTwin } from '../../../client/directory/judge-key.ts';
import { faultError } from '../../../client/errors.ts';
import { EndToEnd } from '../../../client/seal.ts';
import { freshUid } from '../../../client/sending/uid.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Twin } from '../../../proto/twin.ts';
import { reasonOf, within } from '../patience.ts';
import type { DoctorSession, SessionOwner } from './session.ts';

const TRIP_MS = 3_000;
/** Life of the doctor's request, seconds. */
const LIFE = 10n;

/** Parts that two sessions of one twin need to write to each other as peers do. */
export interface TripParts {
  readonly owner: SessionOwner;
  readonly twin: Twin;
}

/**
 * Sends a request from one session to the other and a response back, encrypted, signed and verified.
 * Returns the round trip, ms. Throws what went wrong.
 */
export async function goRound(from: DoctorSession, to: DoctorSession, { owner, twin }: TripParts): Promise<number> {
  // With the own key: another check compares it with the chain.
  const self = knownTwin({ ...twin, pk: owner.identity.e2ePublicKey });
  const directory = { get: async () => self, refresh: async () => self };
  const endToEnd = new EndToEnd({
    identity: owner.identity,
    twins: directory,
    primitives: nodePrimitives(),
    isKeyOnChain: async () => true,
  });
  const began = performance.now();
  const uid = freshUid();
  const question = crypto.getRandomValues(new Uint8Array(32));
  const send = async (
    session: DoctorSession,
    other: DoctorSession,
    content: Envelope['content'],
    bytes: Uint8Array,
  ) => {
    const sealed = await endToEnd.seal(
      {
        uid,
        timestamp: BigInt(owner.now()),
        expiration: LIFE,
        source: session.address,
        destination: other.address,
        content,
        payload: { kind: 'plain', bytes },
        relays: [],
      },
      self,
    );
    if (!sealed.ok) throw new Error(faultError(sealed.error).message);
    session.send(sealed.value);
  };
  const receive = async (session: DoctorSession): Promise<Uint8Array> => {
    const envelope = await session.next(uid);
    if (envelope.content?.kind === 'error') throw new Error(envelope.content.message);
    const opened = await endToEnd.open(envelope, twin.id, owner.now());
    if (!opened.ok) throw new Error(faultError(opened.error).message);
    return opened.value.data;
  };
  const trip = async () => {
    await send(from, to, { kind: 'request', command: 'doctor.echo' }, question);
    // The relay's refusal comes back to the sender.
    const refused = from.next(uid);
    const arrived = await Promise.race([receive(to), refused.then(() => undefined)]);
    if (arrived === undefined) throw new Error(refusalIn(await refused));
    await send(to, from, { kind: 'response' }, arrived);
    const answer = await receive(from);
    if (Buffer.compare(answer, question) !== 0) throw new Error('the response has another payload than the request');
  };
  await within(TRIP_MS, trip());
  return Math.round(performance.now() - began);
}

function refusalIn({ content }: Envelope): string {
  return content?.kind === 'error' ? content.message : 'the relay brought something else';
}

/** Explains a round trip that failed. */
export function tripRemedy(error: unknown): { readonly detail: string; readonly next: string } {
  const detail = reasonOf(error);
  if (/rate limit/i.test(detail)) return { detail, next: 'this twin sends more than the relay allows: wait a minute' };
  if (/no answer/.test(detail))
    return { detail, next: 'the relay loses messages, or is overloaded: tell its operator' };
  return { detail, next: 'tell the relay’s operator' };
}
