import type { Envelope } from '../../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../../case.ts';
import { answerTo, firstBefore, said } from '../../stage/dialogue.ts';
import { request, type response } from '../../stage/envelopes.ts';
import type { Behaviour, FakeRelay } from '../../stage/fake-relay.ts';
import { withLife } from '../../stage/life.ts';
import type { Stage } from '../../stage/stage.ts';

export const REJECTED = 'error: remote relay rejected permanently: destination offline';
export const EXPIRED = 'error: message has expired';
/** Lifetime of such a message (s): the shorter, the sooner it expires. */
export const SHORT = 3;
/** Lifetime (s) where a try may take its full 3 s, and a second one must follow. */
const LONGER = 7;
/** A relay may check expirations only every few seconds, and give a try 3 s (ms). */
export const END_MS = 20_000;

export function fakeOf({ subject }: Stage, place: 0 | 1 = 0): FakeRelay {
  const fake = subject.fakes[place];
  if (fake === undefined) throw new Error('the suite’s own relays do not run');
  return fake;
}

/** Sends a signed request from the caller to a twin of the suite's relay. */
export async function toAbroad(stage: Stage, fields: Partial<Envelope> = {}) {
  const session = await stage.open('caller');
  const sent = await stage.signed('caller', request(session.address, stage.absent('abroad'), fields));
  return { session, sent, uid: sent.uid };
}

export function out(
  [section, name, title]: readonly [string, string, string],
  observe: Case['observe'],
  reference: Seen,
): Case {
  return { name, section, title, observe, reference };
}

/** Returns a case of a relay that always answers so: the sender's final error, and whether there were retries. */
export function failing(name: string, title: string, behaviour: Behaviour, tags?: string): Case {
  return out(
    ['7.3', name, title],
    (stage) =>
      withLife(
        LONGER,
        async (seconds) => {
          const { session, sent, uid } = await toAbroad(stage, { expiration: BigInt(seconds), ...(tags && { tags }) });
          fakeOf(stage).behave(uid, behaviour);
          session.send(sent);
          const answer = said(await session.next(seconds * 1000 + END_MS));
          return [answer, fakeOf(stage).posts(uid).length > 1] as const;
        },
        ([answer, isTriedAgain]) => answer === EXPIRED && !isTriedAgain,
      ),
    [EXPIRED, true],
  );
}

/** Returns a case of a relay that refuses permanently: the sender gets an error at once. @param why RMB edge's reason */
export function rejected(name: string, title: string, status: number, why?: string): Case {
  const refusal = out(
    ['7.2', name, title],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      fakeOf(stage).behave(uid, status);
      const answer = await answerTo(session, sent);
      return [answer, fakeOf(stage).posts(uid).length];
    },
    [REJECTED, 1],
  );
  if (why === undefined) return refusal;
  const seen = [`error: remote relay rejected permanently: ${why}`, 1];
  return { ...refusal, intended: { seen, difference: 'federation: why another relay refused' } };
}

/** Resolves with the first answer before an error that goes the same way: `nothing` if the other relay accepted. */
export async function silence(stage: Stage, make: typeof request | typeof response, status: number): Promise<string> {
  const session = await stage.open('caller');
  const to = stage.absent('abroad');
  const sent = await stage.signed('caller', make(session.address, to));
  const marker = await stage.signed('caller', request(session.address, to));
  fakeOf(stage).behave(sent.uid, status);
  fakeOf(stage).behave(marker.uid, 404);
  session.send(sent);
  return firstBefore(session, session, marker);
}
