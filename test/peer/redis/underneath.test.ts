import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { localRequest } from '../../rig/peer/peer.ts';
import { startService } from '../../rig/peer/service.ts';
import { holds, isFrame, type Side, startSide } from '../../rig/peer/side.ts';
import { openProgram } from '../../rig/redis/program.ts';
import { copyRedis, type RedisCopy } from '../../rig/redis/redis-copy.ts';
import type { Hold } from '../../rig/relay/proxy.ts';

/**
 * Two peers with a Redis each. One message is stopped at a step of its way; then keys of the peers are deleted, or come
 * back older; then the message goes on. An oracle counts what the service saw, and what the program was answered.
 */
const CALLER = 1;
const CALLEE = 2;
const QUEUE = 'msgbus.system.local';

let network: Network;
let caller: Side;
let callee: Side;
let service: AsyncDisposable;
const seen = new Map<string, number>();
let onSeen = () => {};
/** The service answers when this is resolved. */
let gate = Promise.withResolvers<void>();

beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([startSide(network, CALLER), startSide(network, CALLEE)]);
  service = await startService(callee.redis.url, 'test.once', async (payload) => {
    seen.set(payload, (seen.get(payload) ?? 0) + 1);
    onSeen();
    await gate.promise;
    return { dat: payload };
  });
});
afterAll(async () => {
  gate.resolve();
  for (const each of [service, caller, callee, network]) await each[Symbol.asyncDispose]();
});

const answerOf = 'msgbus.system.seen.answer.';

/** Steps of a request's way, each with how it is stopped there. Without: the request is asked, or answered, around it. */
const STEPS: readonly { readonly name: string; readonly stop?: () => Hold }[] = [
  { name: 'before the request is asked' },
  { name: 'request claimed, the peer does not know', stop: () => caller.database.holdAt('down', holds('test.once')) },
  { name: 'request signed, not sent', stop: () => caller.relay.holdAt('up', isFrame) },
  { name: 'request sent, without a note', stop: () => caller.database.holdAt('up', holds('msgbus.backlog.')) },
  { name: 'request received, not delivered', stop: () => callee.database.holdAt('up', holds('msgbus.test.once')) },
  { name: 'request delivered, the peer does not know', stop: () => callee.database.holdAt('down', holds('delivered')) },
  { name: 'request at the service', stop: atService },
  { name: 'response claimed, the peer does not know', stop: () => callee.database.holdAt('down', holds('"dst":"1"')) },
  { name: 'response signed, not sent', stop: () => callee.relay.holdAt('up', isFrame) },
  { name: 'response sent, not settled', stop: () => callee.database.holdAt('up', holds('HDEL')) },
  { name: 'reply received, not delivered', stop: () => caller.database.holdAt('up', holds(answerOf)) },
  { name: 'reply delivered, the peer does not know', stop: afterAnswer },
  { name: 'after the reply' },
];

function atService(): Hold {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  onSeen = resolve;
  return { reached, release: () => undefined };
}

function afterAnswer(): Hold {
  let isGiven = false;
  caller.database.rewrite('up', (chunk) => {
    isGiven ||= chunk.includes(answerOf);
    return chunk;
  });
  return caller.database.holdAt('down', (chunk) => isGiven && chunk.toString() === ':1\r\n');
}

/** Every kind of key that a peer keeps for itself. */
const KINDS: readonly (readonly [kind: string, keys: RegExp])[] = [
  ['claimed entries', /^msgbus\.system\.v2\.\w+\.claimed$/],
  ['last claims', /^msgbus\.system\.v2\.\w+\.last-claim$/],
  ['notes', /^msgbus\.backlog\./],
  ['marks of what was seen', /^msgbus\.system\.seen\./],
  ['sizes of queues', /^msgbus\.system\.sizes\./],
  ['counts of queues that were never served', /^msgbus\.system\.v2\.(served|never-served)/],
  ['twins', /^msgbus\.system\.(own-)?twin\./],
];
const NOT_OURS = /^(msgbus\.(test\.|system\.(local|reply)$)|reply\.)/;

/** Keys in a Redis of the peer's own. */
async function keysOf({ program }: Side, kind: RegExp): Promise<string[]> {
  const keys = await program.redis.keys('*');
  const unknown = keys.filter((key) => !NOT_OURS.test(key) && !KINDS.some(([, each]) => each.test(key)));
  expect(unknown, 'keys of a kind that this test does not delete').toEqual([]);
  return keys.filter((key) => kind.test(key));
}

/** A damage to both Redis. @param asked the entry, as it was in its queue */
interface Damage {
  readonly name: string;
  readonly happen: (copies: Copies, asked: string) => Promise<void>;
}

/** Copies of both Redis: of an earlier request at its service, and of the moment before this request was sent. */
interface Copies {
  readonly earlier: readonly [RedisCopy, RedisCopy];
  readonly before: readonly [RedisCopy, RedisCopy];
}

const onBoth = async (act: (side: Side, n: 0 | 1) => Promise<unknown>) => {
  await Promise.all([act(caller, 0), act(callee, 1)]);
};

const DAMAGES: readonly Damage[] = [
  ...KINDS.map(([kind, keys]) => ({
    name: `${kind} deleted`,
    happen: () =>
      onBoth(async (side) => {
        const found = await keysOf(side, keys);
        if (found.length > 0) await side.program.redis.del(found);
      }),
  })),
  ...KINDS.map(([kind, keys]) => ({
    name: `an older copy of ${kind}`,
    happen: ({ earlier }: Copies) => onBoth((_, n) => earlier[n].restore(keys)),
  })),
  { name: 'FLUSHALL', happen: () => onBoth(({ program }) => program.redis.flushAll()) },
  { name: 'an older copy of all', happen: ({ earlier }) => onBoth((_, n) => earlier[n].restoreAll()) },
  {
    name: 'a copy of all in which the request waits in its queue',
    happen: ({ before }, asked) =>
      onBoth((_, n) => before[n].restoreAll(n === 0 && asked !== '' ? { [QUEUE]: asked } : {})),
  },
];

const copyBoth = async (): Promise<[RedisCopy, RedisCopy]> => [
  await copyRedis(caller.program),
  await copyRedis(callee.program),
];

/** Asks, and resolves with the reply. A connection of its own waits for it, so that no damage finds it in its list. */
async function ask(name: string): Promise<{ asked: string; replied: Promise<unknown> }> {
  const waiting = await openProgram(caller.redis.url);
  const replied = waiting.reply(`reply.${name}`).finally(() => waiting[Symbol.asyncDispose]());
  const dat = Buffer.from(name).toString('base64');
  const asked = JSON.stringify(localRequest({ cmd: 'test.once', dat, ret: `reply.${name}`, ref: name }));
  await caller.program.redis.lPush(QUEUE, asked);
  return { asked, replied };
}

describe('a request whose peers find Redis changed', () => {
  let earlier: Copies['earlier'];
  beforeAll(async () => {
    const stop = atService();
    const { replied } = await ask('earlier');
    await stop.reached;
    earlier = await copyBoth();
    gate.resolve();
    await replied;
  });

  it.each(STEPS)(
    'reaches its service once and has one reply: $name',
    async ({ name, stop }) => {
      for (const damage of DAMAGES) {
        const id = `${name}, ${damage.name}`;
        const copies = { earlier, before: await copyBoth() };
        gate = Promise.withResolvers();
        const isBefore = name.startsWith('before');
        if (isBefore) await damage.happen(copies, '');
        const hold = stop?.();
        const { asked, replied } = await ask(id);
        if (name.startsWith('response') || name.startsWith('reply') || name.startsWith('after')) gate.resolve();
        await within(hold?.reached ?? Promise.resolve(), id);
        if (name.startsWith('after')) await replied;
        if (!isBefore) await damage.happen(copies, asked);
        gate.resolve();
        hold?.release();
        for (const { database, relay } of [caller, callee]) for (const each of [database, relay]) each.restore();
        expect(await replied, id).toMatchObject({ ref: id, err: null });
        // A repeat would have come before what is asked now is answered.
        const after = await ask(`${id}, after`);
        await after.replied;
        expect(seen.get(id), id).toBe(1);
        expect(await caller.program.redis.lLen(`reply.${id}`), id).toBe(0);
      }
      expect(seen.get('earlier')).toBe(1);
      expect(await caller.program.redis.lLen('reply.earlier')).toBe(0);
    },
    60_000,
  );
});

describe('a repeat, when Redis has lost the marks of what was seen', () => {
  it.each(DAMAGES.filter(({ name }) => /seen deleted|FLUSHALL/.test(name)))(
    'reaches no service: $name',
    async (damage) => {
      await using session = await network.join(6);
      const me = await network.identity(6);
      const [first, last] = await Promise.all(
        [`repeated, ${damage.name}`, `after, ${damage.name}`].map((name) => {
          const asked = request({ twin: 6 }, { twin: CALLEE }, { content: { kind: 'request', command: 'test.once' } });
          return signEnvelope({ ...asked, payload: { kind: 'plain', bytes: Buffer.from(name) } }, me);
        }),
      );
      if (first === undefined || last === undefined) throw new Error('nothing to send');
      gate.resolve();
      session.send(first);
      const answer = await session.next();
      await damage.happen({ earlier: await copyBoth(), before: await copyBoth() }, '');
      session.send(first);
      // The caller is answered again, with the same bytes.
      expect(await session.next()).toEqual(answer);
      session.send(last);
      await session.next();
      expect(seen.get(`repeated, ${damage.name}`)).toBe(1);
    },
  );

  it('reaches no program', async () => {
    await using session = await network.join(6);
    await caller.peer.request(localRequest({ dst: [6], cmd: 'x', ret: 'reply.6' }));
    const { uid } = await session.next();
    const answer = request({ twin: 6 }, { twin: CALLER }, { uid, content: { kind: 'response' } });
    const [frame, second] = await Promise.all(
      ['1', '2'].map(async (schema) => signEnvelope({ ...answer, schema }, await network.identity(6))),
    );
    if (frame === undefined || second === undefined) throw new Error('nothing to send');
    session.send(frame);
    expect(await caller.peer.reply('reply.6')).toMatchObject({ shm: '1' });
    await caller.program.redis.del(await keysOf(caller, /^msgbus\.system\.seen\./));
    for (const each of [frame, second]) session.send(each);
    expect(await caller.peer.reply('reply.6')).toMatchObject({ shm: '2' });
  });
});

it('a refusal reaches its program once although its entry is gone from Redis', async () => {
  const hold = caller.database.holdAt('up', holds('reply.refused', 'unknown twin'));
  await caller.peer.request(localRequest({ dst: [999_999], ret: 'reply.refused' }));
  await within(hold.reached, 'the refusal');
  await caller.program.redis.del(await keysOf(caller, /claimed$/));
  hold.release();
  caller.database.restore();
  expect(await caller.peer.reply('reply.refused')).toMatchObject({ err: { code: 103 } });
  await caller.peer.request(localRequest({ dst: [999_999], ret: 'reply.after' }));
  await caller.peer.reply('reply.after');
  expect(await caller.program.redis.lLen('reply.refused')).toBe(0);
});
