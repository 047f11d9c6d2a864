import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../case.ts';
import { answerTo, firstBefore, named, silenceAfter } from '../stage/dialogue.ts';
import { ping, plain, request } from '../stage/envelopes.ts';
import type { Session } from '../stage/session.ts';
import type { Stage } from '../stage/stage.ts';

/** Sends a ping. Resolves with the case's view of its pong. */
function pong(
  name: string,
  title: string,
  pingOf: (session: Session, stage: Stage) => Envelope | Promise<Envelope>,
  look: (pong: Envelope, session: Session, stage: Stage, sent: Envelope) => Seen,
  reference: Seen,
): Case {
  return {
    name,
    section: '6.4',
    title,
    observe: async (stage) => {
      const session = await stage.open('caller');
      const sent = await pingOf(session, stage);
      session.send(sent);
      const answer = await session.next();
      if (answer.uid !== sent.uid || answer.content?.kind !== 'pong')
        return `expected a pong, got ${answer.content?.kind}`;
      return look(answer, session, stage, sent);
    },
    reference,
  };
}

const text = ({ payload }: Envelope) => (payload ? `${payload.kind} ${Buffer.from(payload.bytes)}` : 'no payload');
const ends = ({ source, destination }: Envelope, session: Session, stage: Stage): Seen => {
  const names = { 'the session': session.address, 'twin 0': { twin: 0 }, callee: stage.address('callee') };
  return `from ${named(source, names)} to ${named(destination, names)}`;
};

export const pings: readonly Case[] = [
  pong(
    'of a client',
    'a ping to twin 0 becomes a pong with the same times',
    ({ address }) => ping(address, { twin: 0 }, { expiration: 40n }),
    ({ timestamp, expiration, relays }, _, __, sent) => [
      timestamp === sent.timestamp,
      Number(expiration),
      relays.length,
    ],
    [true, 40, 0],
  ),
  pong(
    'to twin 0',
    'its pong comes from twin 0 to the session',
    ({ address }) => ping(address, { twin: 0 }),
    ends,
    'from twin 0 to the session',
  ),
  pong(
    'without destination',
    'a ping without destination makes a pong without source',
    ({ address }) => ping(address),
    ends,
    'from absent to the session',
  ),
  pong(
    'to itself',
    'a ping to the session itself comes back as a pong',
    ({ address }) => ping(address, address),
    ends,
    'from the session to the session',
  ),
  pong(
    'without payload',
    'a pong says hello world',
    ({ address }) => ping(address, { twin: 0 }),
    text,
    'plain hello world',
  ),
  pong(
    'with a payload',
    'hello world is appended to the payload',
    ({ address }) => ping(address, { twin: 0 }, { payload: plain('abc ') }),
    (answer) => text(answer).slice(0, 'plain abc hello'.length),
    'plain abc hello',
  ),
  pong(
    'with a cipher',
    'a cipher is dropped',
    ({ address }) => ping(address, { twin: 0 }, { payload: { kind: 'cipher', bytes: new Uint8Array(30) } }),
    ({ payload }) => [payload?.kind ?? null, (payload?.bytes.length ?? 0) < 30],
    ['plain', true],
  ),
  pong(
    'with more',
    'schema and tags are kept',
    ({ address }) => ping(address, { twin: 0 }, { schema: 's/x', tags: 'a,b' }),
    ({ schema, tags }) => [schema ?? null, tags ?? null],
    ['s/x', 'a,b'],
  ),
  pong(
    'signed',
    'the pong has the ping’s signature',
    ({ address }, stage) => stage.signed('caller', ping(address, { twin: 0 })),
    ({ signature }, _, __, sent) => Buffer.compare(signature ?? new Uint8Array(), sent.signature ?? new Uint8Array()),
    0,
  ),
  pong(
    'old',
    'a ping 1000 s old is answered with unchanged times',
    ({ address }) => ping(address, { twin: 0 }, { timestamp: 1_000_000n, expiration: 40n }),
    ({ timestamp, expiration }) => [Number(timestamp), Number(expiration)],
    [1_000_000, 40],
  ),
  pong(
    'large numbers',
    'times of 64 bits return unchanged',
    ({ address }) => ping(address, { twin: 0 }, { timestamp: 0xffff_ffff_ffff_fffdn, expiration: 2n ** 53n + 1n }),
    ({ timestamp, expiration }) => `${timestamp} ${expiration}`,
    `${0xffff_ffff_ffff_fffdn} ${2n ** 53n + 1n}`,
  ),
  {
    name: 'to another twin',
    section: '6.4',
    title: 'a ping to another twin is answered by the relay, and never reaches it',
    observe: async (stage) => {
      const [from, to] = [await stage.open('caller'), await stage.open('callee')];
      const answer = await answerTo(from, ping(from.address, to.address));
      return [answer, await firstBefore(from, to, request(from.address, to.address))];
    },
    reference: ['pong', 'nothing'],
  },
  {
    name: 'forged',
    section: '6.3',
    title: 'a ping in another twin’s name is not answered',
    observe: async (stage) => {
      const session = await stage.open('caller');
      const forged = ping(stage.address('callee'), { twin: 0 });
      return silenceAfter(session, forged, request(session.address, { twin: 0 }));
    },
    reference: 'nothing',
  },
  {
    name: 'a pong',
    section: '6.6',
    title: 'a pong to the session itself comes back unchanged',
    observe: async (stage) => {
      const session = await stage.open('caller');
      return answerTo(session, request(session.address, session.address, { content: { kind: 'pong' } }));
    },
    reference: 'pong',
  },
];
