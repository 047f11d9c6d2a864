import type { Address } from '../../../proto/envelope/address.ts';
import { encodeEnvelope } from '../../../proto/envelope/envelope.ts';
import type { Case, Seen } from '../case.ts';
import { compare, firstBefore } from '../stage/dialogue.ts';
import { large, request, response } from '../stage/envelopes.ts';
import { withLife } from '../stage/life.ts';
import type { Session } from '../stage/session.ts';
import { type Stage, unixNow } from '../stage/stage.ts';

const MIB = 2 ** 20;

/** Resolves when the relay processed everything that `from` sent to this twin: a refused request went behind it. */
async function settled(stage: Stage, from: Session): Promise<void> {
  const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
  from.send(marker);
  const first = await from.next();
  if (first.uid !== marker.uid) throw new Error(`instead of silence: ${JSON.stringify(first.content)}`);
}

/** Sends this many requests to a session that is away. Resolves with their uids. */
async function leave(stage: Stage, from: Session, to: Address, count: number): Promise<string[]> {
  const sent = Array.from({ length: count }, () => request(from.address, to));
  for (const each of sent) from.send(each);
  await settled(stage, from);
  return sent.map(({ uid }) => uid);
}

/** Resolves with whether exactly these come next, in this order. */
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
    'requests to a session that is away arrive in order when it connects',
    async (stage) => {
      const [from, away] = [await stage.open('callee'), stage.absent('caller')];
      const uids = await leave(stage, from, away, 200);
      return inOrder(await stage.openAs('caller', away.connection), uids);
    },
    'in order',
  ),
  mail(
    'bytes',
    'a stored request arrives unchanged',
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
    'a second connection gets nothing again',
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
    'order holds across absences: stored, live, stored, live',
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
    'responses are stored too',
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
    'the session "" and the one without sid have separate mailboxes',
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
    'an envelope of 15 MiB is stored',
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

/** Sends a short-lived request and a longer one. Resolves with which of them arrives after the first expired. */
async function endsInTheBox(stage: Stage, seconds: number): Promise<string> {
  const [from, away] = [await stage.open('callee'), stage.absent('caller')];
  const [short, long] = [request(from.address, away, { expiration: BigInt(seconds) }), request(from.address, away)];
  const marker = request(from.address, stage.absent('caller'), { tags: 'fail-fast' });
  for (const each of [short, long, marker]) from.send(each);
  const { uid } = await from.next();
  if (uid === short.uid) return 'over before';
  if (uid !== marker.uid) return 'another answer';
  // Wait until its last second is over, by either clock.
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
    title: 'a request that expires in the mailbox',
    observe: (stage) =>
      withLife(
        2,
        (seconds) => endsInTheBox(stage, seconds),
        (seen) => seen === 'over before',
      ),
    reference: 'delivered',
    intended: { seen: 'dropped', difference: 'stored message whose time is over' },
  },
  {
    name: 'over on arrival',
    section: '6.10',
    title: 'a request that is expired on arrival',
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
    intended: { seen: 'message has expired', difference: 'stored message whose time is over' },
  },
];

export const mailbox: readonly Case[] = [...orders, ...boxes, ...times];
