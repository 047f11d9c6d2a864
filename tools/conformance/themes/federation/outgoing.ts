import { type Envelope, encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import type { Case } from '../../case.ts';
import { answerTo, compare, firstBefore, said } from '../../stage/dialogue.ts';
import { request, response } from '../../stage/envelopes.ts';
import { within } from '../../stage/session.ts';
import { unixNow } from '../../stage/stage.ts';
import {
  END_MS,
  EXPIRED,
  failing,
  fakeOf,
  out,
  REJECTED,
  rejected,
  SHORT,
  silence,
  toAbroad,
} from './outgoing-case.ts';

const isSame = (sent: Envelope | undefined, body: Uint8Array) =>
  sent === undefined ? 'nothing' : compare(encodeEnvelope(sent), body);

const verdicts: readonly Case[] = [
  out(
    ['7.4', 'the POST', 'a POST to / with the unchanged bytes of the envelope'],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      session.send(sent);
      const post = await within(fakeOf(stage).posted(uid, 1), 'POST', stage.subject.patience);
      return [post.method, post.path, compare(encodeEnvelope(sent), post.body)];
    },
    ['POST', '/', 'the very bytes'],
  ),
  out(
    ['7.6', 'no batches', 'a relay that does not say that it takes batches gets each envelope alone'],
    async (stage) => {
      const session = await stage.open('caller');
      const to = stage.absent('abroad');
      const make = () => stage.signed('caller', request(session.address, to));
      const sent = await Promise.all(Array.from({ length: 10 }, make));
      for (const each of sent) session.send(each);
      const fake = fakeOf(stage);
      const posts = await within(
        Promise.all(sent.map(({ uid }) => fake.posted(uid, 1))),
        'POSTs',
        stage.subject.patience,
      );
      return [...new Set(posts.map(({ body }, n) => isSame(sent[n], body)))];
    },
    ['the very bytes'],
  ),
  out(['7.2', '202', '202 is success: nothing comes back'], (stage) => silence(stage, request, 202), 'nothing'),
  out(
    ['7.2', 'response', 'a refused response: nothing comes back'],
    (stage) => silence(stage, response, 404),
    'nothing',
  ),
  rejected('404', '404 is final: the sender of a request gets an error at once', 404),
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
        // Only one of the two ever comes.
        answer.catch(() => undefined);
        return Promise.race([second, answer]);
      },
      REJECTED,
    ),
    intended: { seen: 'tried again', difference: 'federation: 408 and 429' },
  },
];

const retries: readonly Case[] = [
  out(
    ['7.3', 'later', 'a message that failed three times is retried later and delivered'],
    async (stage) => {
      const { session, sent, uid } = await toAbroad(stage);
      fakeOf(stage).behave(uid, 500, 500, 500, 202);
      session.send(sent);
      const post = await within(fakeOf(stage).posted(uid, 4), 'fourth POST', stage.subject.patience + END_MS);
      return compare(encodeEnvelope(sent), post.body);
    },
    'the very bytes',
  ),
  failing('500', '500 is retried until the message expires', 500),
  failing('500, fail-fast', 'with fail-fast, too', 500, 'fail-fast'),
  failing('200', '200 is not a success', 200),
  failing('hangs', 'a relay that never answers is retried', 'hangs'),
  failing('resets', 'a relay that breaks the connection is retried', 'resets'),
  failing('babbles', 'a relay that does not speak HTTP is retried', 'babbles'),
  out(
    ['7.3', 'refused port', 'a relay with a closed port: the error comes when the message expires'],
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
    ['7.1', 'the other of two', 'one of two relays fails: the other gets it, and nothing comes back'],
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
  {
    ...out(
      ['7.5', 'neither of two', 'one of two relays says 404, and so does the other'],
      async (stage) => {
        const session = await stage.open('caller');
        const sent = await stage.signed('caller', request(session.address, stage.absent('twofold')));
        for (const place of [0, 1] as const) fakeOf(stage, place).behave(sent.uid, 404);
        const answer = await answerTo(session, sent);
        const isAsked = ([0, 1] as const).map((place) => fakeOf(stage, place).posts(sent.uid).length > 0);
        return [answer, isAsked.filter(Boolean).length];
      },
      [REJECTED, 1],
    ),
    intended: { seen: [REJECTED, 2], difference: 'federation: 404 of one of several relays' },
  },
  out(
    ['7.3', 'expired', 'an expired message is never posted'],
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
      ['7.3', 'no destination', 'the error about a reachable relay has no destination'],
      async (stage) => {
        const { session, sent, uid } = await toAbroad(stage);
        fakeOf(stage).behave(uid, 404);
        session.send(sent);
        const { destination } = await session.next();
        return destination === undefined ? 'none' : destination.connection === session.address.connection;
      },
      'none',
    ),
    intended: { seen: true, difference: 'federated error names its session' },
  },
];

export const federationOut: readonly Case[] = [...verdicts, ...retries];
