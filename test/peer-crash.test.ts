import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../proto/signature.ts';
import { within } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { launchPeer } from './rig/launched-peer.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest } from './rig/peer.ts';
import type { Launched } from './rig/process.ts';
import { openProgram } from './rig/program.ts';
import { type FaultProxy, startProxy } from './rig/proxy.ts';
import { type RedisRig, startRedis } from './rig/redis.ts';
import { startService } from './rig/service.ts';

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
let peers: { caller: Launched; callee: Launched };
let service: AsyncDisposable;
const seen = new Map<string, number>();

const start = (who: 'caller' | 'callee') =>
  launchPeer(
    who === 'caller' ? CALLER : CALLEE,
    {
      redis: urlThrough(redis[who].url, database[who]),
      chain: network.chain.wsUrl,
      relay: `ws://localhost:${relay[who].port}`,
    },
    ['--no-update'],
  );

function urlThrough(url: string, { port }: FaultProxy): string {
  const through = new URL(url);
  through.port = String(port);
  return through.href;
}

const before = (url: string) => startProxy({ port: Number(new URL(url).port), host: new URL(url).hostname });

beforeAll(async () => {
  network = await startNetwork();
  redis = { caller: await startRedis(), callee: await startRedis() };
  relay = { caller: await before(network.relay.httpUrl), callee: await before(network.relay.httpUrl) };
  database = { caller: await before(redis.caller.url), callee: await before(redis.callee.url) };
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

const has =
  (...words: string[]) =>
  (chunk: Buffer) =>
    words.every((word) => chunk.includes(word));
/** A message's frame; a WebSocket's pings are a few bytes. */
const isFrame = (chunk: Buffer) => chunk.length > 100;

interface Step {
  readonly name: string;
  readonly killed: 'caller' | 'callee';
  readonly at: 'redis' | 'relay';
  /** What the peer says, or what it is told. */
  readonly direction?: 'up' | 'down';
  readonly matches: (chunk: Buffer) => boolean;
  readonly isPassed: boolean;
  /** How often the program is answered, at most. */
  readonly answers: number;
}

const STEPS: readonly Step[] = [
  {
    name: 'a request claimed, the peer does not know',
    killed: 'caller',
    at: 'redis',
    direction: 'down',
    matches: has('test.once'),
    isPassed: false,
    answers: 1,
  },
  { name: 'a request signed, not sent', killed: 'caller', at: 'relay', matches: isFrame, isPassed: false, answers: 1 },
  { name: 'a request sent', killed: 'caller', at: 'relay', matches: isFrame, isPassed: true, answers: 1 },
  {
    name: 'its answer received, not delivered',
    killed: 'caller',
    at: 'redis',
    matches: has('EVAL', 'msgbus.system.seen.answer.'),
    isPassed: false,
    answers: 1,
  },
  {
    name: 'its answer delivered, the request not removed',
    killed: 'caller',
    at: 'redis',
    matches: has('EVAL', 'msgbus.system.seen.answer.'),
    isPassed: true,
    answers: 1,
  },
  {
    name: 'a response claimed, the peer does not know',
    killed: 'callee',
    at: 'redis',
    direction: 'down',
    matches: has('"dst":"1"'),
    isPassed: false,
    answers: 1,
  },
  { name: 'a response signed, not sent', killed: 'callee', at: 'relay', matches: isFrame, isPassed: false, answers: 1 },
  {
    name: 'a response sent, not removed: it may come twice',
    killed: 'callee',
    at: 'redis',
    matches: has('HDEL', 'msgbus.system.v2.reply.claimed'),
    isPassed: false,
    answers: 2,
  },
  {
    name: 'a response sent and removed, the peer does not know',
    killed: 'callee',
    at: 'redis',
    matches: has('HDEL', 'msgbus.system.v2.reply.claimed'),
    isPassed: true,
    answers: 1,
  },
];

describe('a peer killed with', () => {
  it.each(STEPS)('$name: the program is answered, the service saw it once', async (step) => {
    const { name, killed, at, direction = 'up', matches, isPassed, answers } = step;
    await using program = await openProgram(redis.caller.url);
    const proxy = at === 'redis' ? database[killed] : relay[killed];
    const reached = proxy.stopAt(direction, matches, isPassed);
    // What the kernel took counts as sent, and a response that is sent is removed: killed before that, it was not.
    if (at === 'relay') void database[killed].stopAt('up', has('HDEL', 'msgbus.system.v2.reply.claimed'), false);
    const dat = Buffer.from(name).toString('base64');
    await program.ask(localRequest({ cmd: 'test.once', dat, ret: name }));
    await within(reached, `the step "${name}"`);
    await peers[killed].stop('SIGKILL');
    for (const each of [relay[killed], database[killed]]) each.restore();
    peers = { ...peers, [killed]: await start(killed) };

    expect(await program.reply(name)).toMatchObject({ dat, err: null });
    // What was there before, and would come again, has come when what is sent now is answered.
    await program.ask(localRequest({ cmd: 'test.once', ret: `${name}.after` }));
    await program.reply(`${name}.after`);
    expect(seen.get(name)).toBe(1);
    expect((await program.redis.lLen(name)) + 1).toBeLessThanOrEqual(answers);
    await expect.poll(() => program.redis.hLen('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
  });

  it('a request sent, without a note: an answer that is back before the request is resumed is given', async () => {
    await using program = await openProgram(redis.caller.url);
    // It answers once, whatever is repeated.
    await using other = await network.join(6);
    const reached = database.caller.stopAt('up', has('msgbus.backlog.'), false);
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
    await expect.poll(() => program.redis.exists('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
  });

  it('one of two destinations answered: only the other is asked again, under the same uid', async () => {
    await using program = await openProgram(redis.caller.url);
    await using other = await network.join(6);
    const dat = Buffer.from('two destinations').toString('base64');
    await program.ask(localRequest({ cmd: 'test.once', dat, dst: [CALLEE, 6], ret: 'two' }));
    expect(await program.reply('two')).toMatchObject({ src: String(CALLEE) });
    const asked = await other.next();
    // Two fields: the entry, and that one of its destinations is settled.
    await expect.poll(() => program.redis.hLen('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(2);
    await peers.caller.stop('SIGKILL');
    peers = { ...peers, caller: await start('caller') };
    const again = await other.next();
    expect([again.uid, again.content]).toEqual([asked.uid, asked.content]);
    const answer = request({ twin: 6 }, { twin: CALLER }, { uid: asked.uid, content: { kind: 'response' } });
    other.send(await signEnvelope(answer, await network.identity(6)));
    expect(await program.reply('two')).toMatchObject({ src: '6', err: null });
    expect(seen.get('two destinations')).toBe(1);
    expect(await program.redis.lLen('two')).toBe(0);
    await expect.poll(() => program.redis.exists('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
  });
});
