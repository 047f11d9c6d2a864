import type { Envelope } from '../../proto/envelope.ts';
import type { Twin } from '../../proto/twin.ts';
import { nodePrimitives } from '../crypto/node-primitives.ts';
import { faultError } from '../faults.ts';
import { Protocol } from '../protocol.ts';
import { knownTwin } from '../twins/judge-key.ts';
import { freshUid } from '../uid.ts';
import { reasonOf, within } from './patience.ts';
import type { DoctorSession, SessionOwner } from './session.ts';

const TRIP_MS = 3_000;
/** A request of the doctor is of use for so long, seconds. */
const LIFE = 10n;

/** What a session and another one of the same twin need, to write to each other as peers do. */
export interface TripParts {
  readonly owner: SessionOwner;
  readonly twin: Twin;
}

/**
 * A request from one session to the other and its answer back, encrypted, signed and checked.
 * @returns ms that it took. @throws what went wrong
 */
export async function goRound(from: DoctorSession, to: DoctorSession, { owner, twin }: TripParts): Promise<number> {
  // With our own key, whatever stands on chain: that is looked at elsewhere.
  const self = knownTwin({ ...twin, pk: owner.identity.e2ePublicKey });
  const directory = { get: async () => self, refresh: async () => self };
  const protocol = new Protocol({
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
    const sealed = await protocol.seal(
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
    const opened = await protocol.open(envelope, twin.id, owner.now());
    if (!opened.ok) throw new Error(faultError(opened.error).message);
    return opened.value;
  };
  const trip = async () => {
    await send(from, to, { kind: 'request', command: 'doctor.echo' }, question);
    // What the relay refuses comes back to the one who sent it.
    const refused = from.next(uid);
    const arrived = await Promise.race([receive(to), refused.then(() => undefined)]);
    if (arrived === undefined) throw new Error(refusalIn(await refused));
    await send(to, from, { kind: 'response' }, arrived);
    const answer = await receive(from);
    if (Buffer.compare(answer, question) !== 0) throw new Error('another payload came back than was sent');
  };
  await within(TRIP_MS, trip());
  return Math.round(performance.now() - began);
}

function refusalIn({ content }: Envelope): string {
  return content?.kind === 'error' ? content.message : 'the relay brought something else';
}

/** What to do about a round trip that failed. */
export function tripRemedy(error: unknown): { readonly detail: string; readonly next: string } {
  const detail = reasonOf(error);
  if (/rate limit/i.test(detail)) return { detail, next: 'this twin sends more than the relay allows: wait a minute' };
  if (/no answer/.test(detail))
    return { detail, next: 'the relay loses messages, or is overloaded: tell its operator' };
  return { detail, next: 'tell the relay’s operator' };
}
