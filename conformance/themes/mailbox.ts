import type { Address } from '../../proto/address.ts';
import { encodeEnvelope } from '../../proto/envelope.ts';
import type { Case, Seen } from '../case.ts';
import { answerTo, compare, firstBefore } from '../dialogue.ts';
import { large, request, response } from '../envelopes.ts';
import { withLife } from '../life.ts';
import type { Session } from '../session.ts';
import { type Stage, unixNow } from '../stage.ts';

const MIB = 2 ** 20;

/** All that `from` has sent to this twin is dealt with: a request that is refused went the same way behind it. */
async function settled(stage: Stage, from: Session): Promise<void> {
  const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
  from.send(marker);
  const first = await from.next();
  if (first.uid !== marker.uid) throw new Error(`instead of silence: ${JSON.stringify(first.content)}`);
}

/** Leaves so many requests for a session that is away; their uids. */
async function leave(stage: Stage, from: Session, to: Address, count: number): Promise<string[]> {
  const sent = Array.from({ length: count }, () => request(from.address, to));
  for (const each of sent) from.send(each);
  await settled(stage, from);
  return sent.map(({ uid }) => uid);
}

/** Whether exactly these come next, in this order. */
async function inOrder(to: Session, uids: readonly string[]): Promise<string> {
  for (const [place, uid] of uids.entries()) if ((await to.next()).uid !== uid) return `disorder at ${place}`;
  return 'in order';
}

function mail(name: string, title: string, observe: Case['observe'], reference: Seen): Case {
  return { name, section: '6.10', title, observe, reference };
}

const orders: readonly Case[] = [
  mail(
    'order',
    'what was sent to a session that is away comes in order when it connects',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const uids = await leave(stage, from, away, 200);
      return inOrder(await stage.openAs('caller', away.connection), uids);
    },
    'in order',
  ),
  mail(
    'bytes',
    'it comes as its sender wrote it',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const sent = Buffer.concat([encodeEnvelope(request(from.address, away)), Uint8Array.of(0xf2, 1, 1, 9)]);
      from.send(sent);
      await settled(stage, from);
      return compare(sent, await (await stage.openAs('caller', away.connection)).nextBytes());
    },
    'the very bytes',
  ),
  mail(
    'once',
    'a second connection finds none of it again',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const uids = await leave(stage, from, away, 3);
      const first = await stage.openAs('caller', away.connection);
      const order = await inOrder(first, uids);
      await first.close();
      const second = await stage.openAs('caller', away.connection);
      return [order, await firstBefore(from, second, request(from.address, away))];
    },
    ['in order', 'nothing'],
  ),
  mail(
    'reconnects',
    'order holds over absences: mail, live, mail, live',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const orders: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const uids = await leave(stage, from, away, 5);
        const to = await stage.openAs('caller', away.connection);
        const live = Array.from({ length: 5 }, () => request(from.address, away));
        for (const each of live) from.send(each);
        orders.push(await inOrder(to, [...uids, ...live.map(({ uid }) => uid)]));
        await to.close();
      }
      return orders;
    },
    ['in order', 'in order', 'in order'],
  ),
  mail(
    'responses',
    'responses are kept, too',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      from.send(response(from.address, away));
      await settled(stage, from);
      return (await (await stage.openAs('caller', away.connection)).next()).content?.kind ?? 'nothing';
    },
    'response',
  ),
];

const boxes: readonly Case[] = [
  mail(
    '"" and none',
    'the session "" and the one without sid have a box each',
    async (stage) => {
      const from = await stage.open('callee');
      const boxes = [stage.address('caller'), stage.address('caller', '')];
      const sent = boxes.map((to) => request(from.address, to));
      for (const each of sent) from.send(each);
      await settled(stage, from);
      const sessions = [await stage.openAs('caller', undefined), await stage.openAs('caller', '')];
      const got = await Promise.all(sessions.map(async (session) => (await session.next()).uid));
      return got.every((uid, place) => uid === sent[place]?.uid) ? 'each its own' : 'mixed';
    },
    'each its own',
  ),
  mail(
    'large',
    'an envelope of 15 MiB is kept',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const sent = encodeEnvelope(large(from.address, away, 15 * MIB));
      from.send(sent);
      await settled(stage, from);
      return compare(sent, await (await stage.openAs('caller', away.connection)).nextBytes());
    },
    'the very bytes',
  ),
];

/** Leaves a message that lives for so many seconds, and one that lives on: which of them comes first when both times are over. */
async function endsInTheBox(stage: Stage, seconds: number): Promise<string> {
  const [from, away] = [await stage.open('callee'), stage.absent('caller')];
  const [short, long] = [request(from.address, away, { expiration: BigInt(seconds) }), request(from.address, away)];
  const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
  for (const each of [short, long, marker]) from.send(each);
  const { uid } = await from.next();
  if (uid === short.uid) return 'over before';
  if (uid !== marker.uid) return 'another answer';
  // Until its last second is over, by either clock.
  await new Promise((resolve) =>
    setTimeout(resolve, (Number(short.timestamp) + seconds + 1) * 1000 + 100 - Date.now()),
  );
  const first = await (await stage.openAs('caller', away.connection)).next();
  return first.uid === short.uid ? 'delivered' : first.uid === long.uid ? 'dropped' : 'another';
}

const times: readonly Case[] = [
  {
    name: 'over in the box',
    section: '6.10',
    title: 'a message whose time ends in the box',
    observe: (stage) =>
      withLife(
        2,
        (seconds) => endsInTheBox(stage, seconds),
        (seen) => seen === 'over before',
      ),
    reference: 'delivered',
    meant: { seen: 'dropped', difference: 'stored message whose time is over' },
  },
  {
    name: 'over on arrival',
    section: '6.10',
    title: 'a message whose time is over when it arrives',
    observe: async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const sent = request(from.address, away, { timestamp: BigInt(unixNow() - 1000), expiration: 10n });
      const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
      from.send(sent);
      from.send(marker);
      const { uid, content } = await from.next();
      if (uid === marker.uid) return 'kept';
      return content?.kind === 'error' ? content.message : (content?.kind ?? 'nothing');
    },
    reference: 'kept',
    meant: { seen: 'message has expired', difference: 'stored message whose time is over' },
  },
];

/** What a box holds. */
const MOST = 10_000;
/** The reference trims its queue by whole blocks: so many more, and the oldest are gone for certain. */
const SURPLUS = 300;

export const mailbox: readonly Case[] = [...orders, ...boxes, ...times];

export const fullMailbox: readonly Case[] = [
  {
    name: 'too many',
    section: '6.10',
    title: 'a box holds 10,000 messages; of more, some are lost',
    observe: async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const first = request(from.address, away);
      from.send(first);
      for (let n = 1; n < MOST + SURPLUS; n += 1) from.send(request(from.address, away));
      const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
      const answer = await answerTo(from, marker);
      const oldest = (await (await stage.openAs('caller', away.connection)).next()).uid === first.uid;
      return [answer, oldest ? 'the oldest is kept' : 'the oldest is lost'];
    },
    reference: ['error: destination offline', 'the oldest is lost'],
    meant: {
      seen: [
        'error: your messages fill their share of the mailbox of the destination, try again later, of another uid',
        'the oldest is kept',
      ],
      difference: 'mailbox full',
    },
  },
  {
    name: 'another sender',
    section: '6.10',
    title: 'a box that one sender has filled takes the message of another',
    observe: async (stage) => {
      const [flood, away] = [await stage.open('callee'), stage.absent('caller')];
      for (let n = 0; n < MOST + SURPLUS; n += 1) flood.send(request(flood.address, away));
      flood.send(request(flood.address, flood.address));
      // Its own message comes back to it behind all that was refused.
      for (let next = await flood.next(); next.content?.kind === 'error'; ) next = await flood.next();
      const honest = await stage.open('federated');
      honest.send(request(honest.address, away));
      return answerTo(honest, request(honest.address, stage.absent('caller'), { tags: 'fail-fast' }));
    },
    reference: 'error: destination offline',
  },
];
