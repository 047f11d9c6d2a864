import { type Envelope, encodeEnvelope } from '../../proto/envelope.ts';
import type { Case, Seen } from '../case.ts';
import { answerTo, compare, firstBefore, said } from '../dialogue.ts';
import { request, response } from '../envelopes.ts';
import type { Behaviour, FakeRelay } from '../fake-relay.ts';
import { withLife } from '../life.ts';
import { within } from '../session.ts';
import { type Stage, unixNow } from '../stage.ts';

const REJECTED = 'error: remote relay rejected permanently: destination offline';
const EXPIRED = 'error: message has expired';
/** What such a message may live, seconds: the shorter, the sooner its end is seen. */
const SHORT = 3;
/** Where a try may take its full 3 s, and there must be a second one. */
const LONGER = 7;
/** A relay may look only every few seconds whether a message has expired, and give a try 3 s (ms). */
const END_MS = 20_000;

function fakeOf({ subject }: Stage, place: 0 | 1 = 0): FakeRelay {
  const fake = subject.fakes[place];
  if (fake === undefined) throw new Error('the suite’s own relays do not run');
  return fake;
}

/** A signed request from the caller to a twin whose relay is the suite's. */
async function toAbroad(stage: Stage, fields: Partial<Envelope> = {}) {
  const session = await stage.open('caller');
  const sent = await stage.signed('caller', request(session.address, stage.absent('abroad'), fields));
  return { session, sent, uid: sent.uid };
}

function out(
  [section, name, title]: readonly [string, string, string],
  observe: Case['observe'],
  reference: Seen,
): Case {
  return { name, section, title, observe, reference };
}

/** The other relay answers so, for ever: what the sender reads in the end, and whether it was tried several times. */
function failing(name: string, title: string, behaviour: Behaviour, tags?: string): Case {
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

/** The other relay refuses for good: the sender reads it at once. @param why ours says that it was refused */
function rejected(name: string, title: string, status: number, why?: string): Case {
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
  return { ...refusal, meant: { seen, difference: 'federation: why another relay refused' } };
}

/** What the other relay took is over: nothing comes back before an error that goes the same way. */
async function silence(stage: Stage, make: typeof request | typeof response, status: number): Promise<string> {
  const session = await stage.open('caller');
  const to = stage.absent('abroad');
  const sent = await stage.signed('caller', make(session.address, to));
  const marker = await stage.signed('caller', request(session.address, to));
  fakeOf(stage).behave(sent.uid, status);
  fakeOf(stage).behave(marker.uid, 404);
  session.send(sent);
  return firstBefore(session, session, marker);
}

const verdicts: readonly Case[] = [
  out(
    ['7.4', 'the POST', 'a POST to /, with the very bytes of the envelope'],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      session.send(sent);
      const post = await within(fakeOf(stage).posted(uid, 1), 'POST', stage.subject.patience);
      return [post.method, post.path, compare(encodeEnvelope(sent), post.body)];
    },
    ['POST', '/', 'the very bytes'],
  ),
  out(['7.2', '202', '202 is success: nothing comes back'], (stage) => silence(stage, request, 202), 'nothing'),
  out(
    ['7.2', 'response', 'a response that is refused: nothing comes back'],
    (stage) => silence(stage, response, 404),
    'nothing',
  ),
  rejected('404', '404 is final: the sender of a request is told at once', 404),
  rejected('400', '400 is final, too', 400, 'it takes no such message, or none of this size'),
  rejected('403', '403 is final, too', 403, 'it does not accept the sender or its signature'),
  {
    ...out(
      ['7.2', '429', '429, then 202'],
      async (stage) => {
        const { session, sent, uid } = await toAbroad(stage);
        fakeOf(stage).behave(uid, 429, 202);
        session.send(sent);
        const second = fakeOf(stage)
          .posted(uid, 2)
          .then(() => 'tried again');
        const answer = session.next().then(said);
        // Of the two the other one never comes.
        answer.catch(() => undefined);
        return Promise.race([second, answer]);
      },
      REJECTED,
    ),
    meant: { seen: 'tried again', difference: 'federation: 408 and 429' },
  },
];

const retries: readonly Case[] = [
  out(
    ['7.3', 'later', 'what failed three times is tried again later, and then delivered'],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      fakeOf(stage).behave(uid, 500, 500, 500, 202);
      session.send(sent);
      const post = await within(fakeOf(stage).posted(uid, 4), 'fourth POST', stage.subject.patience + END_MS);
      return compare(encodeEnvelope(sent), post.body);
    },
    'the very bytes',
  ),
  failing('500', '500 is tried again until its time is over', 500),
  failing('500, fail-fast', 'with fail-fast, too', 500, 'fail-fast'),
  failing('200', '200 is no success', 200),
  failing('hangs', 'a relay that never answers is tried again', 'hangs'),
  failing('resets', 'a relay that breaks the connection is tried again', 'resets'),
  failing('babbles', 'a relay that speaks no HTTP is tried again', 'babbles'),
  out(
    ['7.3', 'refused port', 'a relay whose port is closed: the error comes when the time is over'],
    async (stage) => {
      const { session, sent } = await toAbroad(stage, { expiration: BigInt(SHORT) });
      await fakeOf(stage).shut();
      try {
        session.send(sent);
        return said(await session.next(END_MS));
      } finally {
        await fakeOf(stage).open();
      }
    },
    EXPIRED,
  ),
  out(
    ['7.1', 'three tries', 'three tries follow each other within a second'],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      fakeOf(stage).behave(uid, 500, 500, 202);
      session.send(sent);
      await within(fakeOf(stage).posted(uid, 3), 'third POST', stage.subject.patience);
      return fakeOf(stage).posts(uid).length;
    },
    3,
  ),
  out(
    ['7.1', 'the other of two', 'of two relays one fails: the other gets it, and nothing comes back'],
    async (stage) => {
      const session = await stage.open('caller');
      const to = stage.absent('twofold');
      const [sent, marker] = await Promise.all([0, 1].map(() => stage.signed('caller', request(session.address, to))));
      if (!sent || !marker) return 'no envelopes';
      fakeOf(stage, 0).behave(sent.uid, 500);
      for (const place of [0, 1] as const) fakeOf(stage, place).behave(marker.uid, 404);
      session.send(sent);
      await within(fakeOf(stage, 1).posted(sent.uid, 1), 'POST to the second relay', stage.subject.patience);
      return firstBefore(session, session, marker);
    },
    'nothing',
  ),
  out(
    ['7.3', 'expired', 'what has expired already is never posted'],
    async (stage) => {
      const { session, sent } = await toAbroad(stage, { timestamp: BigInt(unixNow() - 100), expiration: 10n });
      session.send(sent);
      const answer = said(await session.next(END_MS));
      return [answer, fakeOf(stage).posts(sent.uid).length];
    },
    [EXPIRED, 0],
  ),
  {
    ...out(
      ['7.3', 'no destination', 'the error of a relay that was reached has no destination'],
      async (stage) => {
        const { session, sent, uid } = await toAbroad(stage);
        fakeOf(stage).behave(uid, 404);
        session.send(sent);
        const { destination } = await session.next();
        return destination === undefined ? 'none' : destination.connection === session.address.connection;
      },
      'none',
    ),
    meant: { seen: true, difference: 'federated error names its session' },
  },
];

export const federationOut: readonly Case[] = [...verdicts, ...retries];
