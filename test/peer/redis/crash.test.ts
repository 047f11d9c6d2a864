import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { asTwin } from '../../rig/peer/command.ts';
import { localRequest } from '../../rig/peer/peer.ts';
import { type PeerProcess, startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startService } from '../../rig/peer/service.ts';
import { holds, isFrame, proxyBefore, urlThrough } from '../../rig/peer/side.ts';
import { CLAIMED, CLAIMED_REPLIES, openProgram, settled } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import type { RedisRig } from '../../rig/redis/shared-redis.ts';
import type { FaultProxy } from '../../rig/relay/proxy.ts';
import { until } from '../../rig/until.ts';

/**
 * A peer is stopped at one step of a message's way (everything it says or hears ends there), killed with SIGKILL and
 * started again. An oracle counts what the service saw, and what the program was answered.
 */
const CALLER = 1;
const CALLEE = 2;

let network: Network;
let relay: { caller: FaultProxy; callee: FaultProxy };
let redis: { caller: RedisRig; callee: RedisRig };
let database: { caller: FaultProxy; callee: FaultProxy };
let peers: { caller: PeerProcess; callee: PeerProcess };
let service: AsyncDisposable;
const seen = new Map<string, number>();

/** Starts a peer; resolves when it is ready. */
async function start(who: 'caller' | 'callee'): Promise<PeerProcess> {
  const around = { chain: network.chain, relay: { wsUrl: `ws://localhost:${relay[who].port}` } };
  const env = asTwin(around, who === 'caller' ? CALLER : CALLEE, urlThrough(redis[who].url, database[who]));
  const peer = startPeerProcess({ args: ['--no-update'], env });
  await peer.ready();
  return peer;
}

beforeAll(async () => {
  network = await startNetwork();
  redis = { caller: await startRedis(), callee: await startRedis() };
  relay = { caller: await proxyBefore(network.relay.httpUrl), callee: await proxyBefore(network.relay.httpUrl) };
  database = { caller: await proxyBefore(redis.caller.url), callee: await proxyBefore(redis.callee.url) };
  service = await startService(redis.callee.url, 'test.once', (payload) => {
    seen.set(payload, (seen.get(payload) ?? 0) + 1);
    return { dat: payload };
  });
  const [caller, callee] = await Promise.all([start('caller'), start('callee')]);
  peers = { caller, callee };
});
afterAll(async () => {
  for (const each of Object.values(peers)) await each.stop('SIGKILL');
  const parts = [service, ...Object.values(database), ...Object.values(relay), ...Object.values(redis), network];
  for (const each of parts) await each[Symbol.asyncDispose]();
});

interface Step {
  readonly name: string;
  readonly killed: 'caller' | 'callee';
  readonly at: 'redis' | 'relay';
  /** To the server or from the server. */
  readonly direction?: 'up' | 'down';
  readonly matches: (chunk: Buffer) => boolean;
  readonly isPassed: boolean;
  /** The most replies that the program may get. */
  readonly answers: number;
}

const STEPS: readonly Step[] = [
  {
    name: 'a request claimed, the peer does not know',
    killed: 'caller',
    at: 'redis',
    direction: 'down',
    matches: holds('test.once'),
    isPassed: false,
    answers: 1,
  },
  { name: 'a request signed, not sent', killed: 'caller', at: 'relay', matches: isFrame, isPassed: false, answers: 1 },
  { name: 'a request sent', killed: 'caller', at: 'relay', matches: isFrame, isPassed: true, answers: 1 },
  {
    name: 'its answer received, not delivered',
    killed: 'caller',
    at: 'redis',
    matches: holds('EVAL', 'msgbus.system.seen.answer.'),
    isPassed: false,
    answers: 1,
  },
  {
    name: 'its answer delivered, the request not removed',
    killed: 'caller',
    at: 'redis',
    matches: holds('EVAL', 'msgbus.system.seen.answer.'),
    isPassed: true,
    answers: 1,
  },
  {
    name: 'a response claimed, the peer does not know',
    killed: 'callee',
    at: 'redis',
    direction: 'down',
    matches: holds('"dst":"1"'),
    isPassed: false,
    answers: 1,
  },
  {
    name: 'a response sealed, not kept',
    killed: 'callee',
    at: 'redis',
    matches: holds('HSET', CLAIMED_REPLIES),
    isPassed: false,
    answers: 1,
  },
  {
    name: 'a response kept, not sent: the peer does not know',
    killed: 'callee',
    at: 'redis',
    matches: holds('HSET', CLAIMED_REPLIES),
    isPassed: true,
    answers: 1,
  },
  { name: 'a response signed, not sent', killed: 'callee', at: 'relay', matches: isFrame, isPassed: false, answers: 1 },
  {
    name: 'a response sent, not removed',
    killed: 'callee',
    at: 'redis',
    matches: holds('HDEL', CLAIMED_REPLIES),
    isPassed: false,
    answers: 1,
  },
  {
    name: 'a response sent and removed, the peer does not know',
    killed: 'callee',
    at: 'redis',
    matches: holds('HDEL', CLAIMED_REPLIES),
    isPassed: true,
    answers: 1,
  },
];

describe('a peer that is killed with', () => {
  it.each(STEPS)('$name delivers the request once and its reply', async (step) => {
    const { name, killed, at, direction = 'up', matches, isPassed, answers } = step;
    await using program = await openProgram(redis.caller.url);
    const proxy = at === 'redis' ? database[killed] : relay[killed];
    const reached = proxy.stopAt(direction, matches, isPassed);
    // A frame in the kernel counts as sent, and the peer then removes the response: this kill must come before the removal.
    if (at === 'relay') void database[killed].stopAt('up', holds('HDEL', CLAIMED_REPLIES), false);
    const dat = Buffer.from(name).toString('base64');
    await program.ask(localRequest({ cmd: 'test.once', dat, ret: name }));
    await within(reached, `the step "${name}"`);
    await peers[killed].stop('SIGKILL');
    for (const each of [relay[killed], database[killed]]) each.restore();
    peers = { ...peers, [killed]: await start(killed) };

    expect(await program.reply(name)).toMatchObject({ dat, err: null });
    // A repeat of an earlier message would arrive before the reply to this one.
    await program.ask(localRequest({ cmd: 'test.once', ret: `${name}.after` }));
    await program.reply(`${name}.after`);
    expect(seen.get(name)).toBe(1);
    expect((await program.redis.lLen(name)) + 1).toBeLessThanOrEqual(answers);
    // The next step may be the removal of a response: without this, it was the removal of this one, and nothing of the
    // next request had happened.
    await using beside = await openProgram(redis.callee.url);
    await Promise.all([program, beside].map(settled));
  });

  it('a request sent, without a note delivers an answer that arrives before the request is resumed', async () => {
    await using program = await openProgram(redis.caller.url);
    // This session answers once, even if the request is repeated.
    await using other = await network.join(6);
    const reached = database.caller.stopAt('up', holds('msgbus.backlog.'), false);
    await program.ask(localRequest({ dst: [6], cmd: 'test.early', ret: 'early' }));
    await within(reached, 'the note');
    const { uid } = await other.next();
    await peers.caller.stop('SIGKILL');
    const answer = request({ twin: 6 }, { twin: CALLER }, { uid, content: { kind: 'response' } });
    other.send(await signEnvelope(answer, await network.identity(6)));
    database.caller.restore();
    // The relay is quicker than Redis.
    database.caller.delay(300);
    peers = { ...peers, caller: await start('caller') };
    expect(await program.reply('early')).toMatchObject({ src: '6', err: null });
    database.caller.restore();
    await settled(program);
  });

  it('one of two destinations answered asks only the other again, under the same uid', async () => {
    await using program = await openProgram(redis.caller.url);
    await using other = await network.join(6);
    const dat = Buffer.from('two destinations').toString('base64');
    await program.ask(localRequest({ cmd: 'test.once', dat, dst: [CALLEE, 6], ret: 'two' }));
    expect(await program.reply('two')).toMatchObject({ src: String(CALLEE) });
    const asked = await other.next();
    // Two fields: the entry, and that one of its destinations is settled.
    await until('one destination to be settled', async () => (await program.redis.hLen(CLAIMED)) === 2);
    await peers.caller.stop('SIGKILL');
    peers = { ...peers, caller: await start('caller') };
    const again = await other.next();
    expect([again.uid, again.content]).toEqual([asked.uid, asked.content]);
    const answer = request({ twin: 6 }, { twin: CALLER }, { uid: asked.uid, content: { kind: 'response' } });
    other.send(await signEnvelope(answer, await network.identity(6)));
    expect(await program.reply('two')).toMatchObject({ src: '6', err: null });
    expect(seen.get('two destinations')).toBe(1);
    expect(await program.redis.lLen('two')).toBe(0);
    await settled(program);
  });
});
