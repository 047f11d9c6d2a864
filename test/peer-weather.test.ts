import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withLife } from '../conformance/life.ts';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../dev-chain/dev-twins.ts';
import { startRelay } from '../local-relay/relay.ts';
import { signEnvelope } from '../proto/signature.ts';
import { PATIENCE_MS, within } from './rig/client.ts';
import { withDate } from './rig/dated.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { request } from './rig/envelopes.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, openPeerRig, type PeerRig, startPeerRig } from './rig/peer.ts';
import { startPeerProcess } from './rig/peer-process.ts';
import { untilState } from './rig/peer-state.ts';
import { startProxy } from './rig/proxy.ts';
import { startRedis } from './rig/redis.ts';
import { startService } from './rig/service.ts';

/** Redis, chain and relays come and go; the peer stays, says so, and works as soon as it can. */
const NEWCOMER = 77;

let network: Network;
let callee: PeerRig;
let service: AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  callee = await startPeerRig(network, 2);
  // Its key is on chain from here on: whoever looks it up once can open what it encrypts.
  const isUpdated = () => callee.logged.some(({ message }) => message === 'chain: our twin is updated');
  await vi.waitUntil(isUpdated, { timeout: PATIENCE_MS });
  service = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
});
afterAll(async () => {
  for (const each of [service, callee, network]) await each[Symbol.asyncDispose]();
});

const isAnswered = async (rig: PeerRig) => {
  await rig.request(localRequest({}));
  expect(await rig.reply('replies')).toMatchObject({ src: '2', err: null });
};
const port = (url: string) => ({ port: Number(new URL(url).port) });

describe('Redis', () => {
  it('away at start and later: reported, survived, and nothing is lost', async () => {
    await using redis = await startDurableRedis();
    await redis.kill();
    await using rig = await openPeerRig(network, 1, { redis: redis.url });
    await untilState(rig, 'the relay to be up', ({ relays }) => [...relays.values()].every(({ isUp }) => isUp));
    expect(rig.peer.state().redis).toMatchObject({ isUp: false, detail: expect.stringContaining('ECONNREFUSED') });
    await redis.start();
    await within(rig.peer.ready, 'the peer to be ready');
    await isAnswered(rig);
    await redis.kill();
    await untilState(rig, 'Redis to be down', (state) => !state.redis.isUp);
    await redis.start();
    await untilState(rig, 'Redis to be up', (state) => state.redis.isUp);
    await isAnswered(rig);
  });
});

describe('the chain', () => {
  it('away at start: the twin’s id and who it knows come from Redis; strangers get a clear error', async () => {
    await using redis = await startRedis();
    await using chain = await startProxy(port(network.chain.httpUrl));
    const options = { redis: redis.url, substrate: [`ws://localhost:${chain.port}`] };
    {
      await using before = await startPeerRig(network, 1, options);
      await isAnswered(before);
    }
    await chain.refuse();
    // A twin that came after: what the blocks told of the others is remembered.
    await network.settle(NEWCOMER, `localhost:${network.relay.port}`);
    await using rig = await startPeerRig(network, 1, options);
    expect(rig.peer.state()).toMatchObject({ twin: 1, chain: { isUp: false } });
    await isAnswered(rig);
    await rig.request(localRequest({ dst: [NEWCOMER] }));
    expect((await rig.reply('replies')).err).toMatchObject({
      code: 500,
      message: expect.stringMatching(/^twin 77 cannot be looked up: the chain is out of reach/),
    });
    await chain.listen();
    await untilState(rig, 'the chain to be up', (state) => state.chain.isUp);
    await rig.request(localRequest({ dst: [NEWCOMER], tag: 'fail-fast' }));
    expect((await rig.reply('replies')).err?.message).toBe('destination offline');
  });

  it('away at the first start: the peer waits for its twin id, and can be stopped meanwhile', async () => {
    await using chain = await startProxy(port(network.chain.httpUrl));
    await chain.refuse();
    const options = { substrate: [`ws://localhost:${chain.port}`] };
    await using waiting = await openPeerRig(network, 1, options);
    await using stopped = await openPeerRig(network, 3, options);
    await untilState(waiting, 'the chain to be tried', (state) => state.chain.detail !== 'not connected yet');
    expect(waiting.peer.state().twin).toBeUndefined();
    await within(stopped.peer.close(), 'the end of a peer that never began');
    await chain.listen();
    await within(waiting.peer.ready, 'the peer to be ready');
    await isAnswered(waiting);
  });

  it('hanging: a twin that is not known is an error, known ones are served', async () => {
    await using chain = await startProxy(port(network.chain.httpUrl));
    await using rig = await startPeerRig(network, 1, { substrate: [`ws://localhost:${chain.port}`], update: false });
    await isAnswered(rig);
    chain.blackhole('up', 'down');
    await rig.request(localRequest({ dst: [NEWCOMER + 1] }));
    await isAnswered(rig);
    expect((await rig.reply('replies')).err?.message).toContain('the chain said nothing about twin 78');
  });

  it('without our twin: the peer says what to do, and goes on when it is there', async () => {
    await using chain = await startDevChain({ blockTimeMs: 500, twins: [] });
    const { account } = await network.identity(3);
    await using rig = await openPeerRig(network, 3, { substrate: [chain.wsUrl], update: false });
    const isTold = () => rig.logged.some(({ message }) => message.startsWith('no twin on chain for this key'));
    await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
    chain.putTwin({ id: 3, account: `0x${Buffer.from(account).toString('hex')}`, relay: null, pk: null });
    await within(rig.peer.ready, 'the peer to be ready');
    expect(rig.peer.state().twin).toBe(3);
  });

  it('tells of a change by its events: the next message is sealed for the new key', async () => {
    const identity = await network.identity(6);
    const account = `0x${Buffer.from(identity.account).toString('hex')}` as const;
    const relay = `localhost:${network.relay.port}`;
    const pk = `0x${Buffer.from(identity.e2ePublicKey).toString('hex')}` as const;
    network.chain.putTwin({ id: 6, account, relay, pk });
    await using session = await network.join(6);
    await using rig = await startPeerRig(network, 1);
    const kind = async () => {
      await rig.request(localRequest({ dst: [6], cmd: 'x' }));
      return (await session.next()).payload?.kind;
    };
    await expect.poll(kind, { timeout: 20_000 }).toBe('cipher');
    network.chain.putTwin({ id: 6, account, relay, pk: null });
    await expect.poll(kind, { timeout: 20_000 }).toBe('plain');
  });
});

describe('relays', () => {
  it('one of two lost: requests go on through the other, and the peer counts as well', async () => {
    await using second = await startRelay({ settings: { SUBSTRATE_URLS: network.chain.httpUrl } });
    await using first = await startProxy(port(network.relay.httpUrl));
    const relays = [`ws://localhost:${first.port}`, second.wsUrl];
    await using other = await startPeerRig(network, 3, { relays: [second.wsUrl], update: false });
    await using _ = await startService(other.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
    await using rig = await startPeerRig(network, 1, { relays, update: false });
    await untilState(rig, 'both relays to be up', (state) => [...state.relays.values()].every(({ isUp }) => isUp));
    await isAnswered(rig);
    await first.refuse();
    await rig.request(localRequest({ dst: [3] }));
    expect(await rig.reply('replies')).toMatchObject({ src: '3', err: null });
    await expect
      .poll(() => [...rig.peer.state().relays].map(([host, { isUp }]) => [host, isUp]))
      .toEqual([
        [`localhost:${first.port}`, false],
        [`localhost:${second.port}`, true],
      ]);
    await first.listen();
    await untilState(rig, 'the first relay to be back', (state) =>
      [...state.relays.values()].every(({ isUp }) => isUp),
    );
  });

  it('away: one that lives short is told in its time, behind one that lives long; what waits goes later', async () => {
    await using relay = await startProxy(port(network.relay.httpUrl));
    await using rig = await startPeerRig(network, 1, { relays: [`ws://localhost:${relay.port}`], update: false });
    await relay.refuse();
    await untilState(rig, 'the relay to be down', (state) => [...state.relays.values()].every(({ isUp }) => !isUp));
    await rig.request(localRequest({ ref: 'long', exp: 600 }));
    const told = await withLife(
      1,
      async (exp) => {
        await rig.request(localRequest({ ref: 'short', exp }));
        return rig.reply('replies');
      },
      // It was over before the peer took it.
      ({ err }) => err?.message === 'request has expired',
    );
    expect(told).toMatchObject({
      ref: 'short',
      err: { code: 102, message: 'request has expired: no relay could be reached in time' },
    });
    await relay.listen();
    expect(await rig.reply('replies')).toMatchObject({ ref: 'long', err: null });
    // However often it was tried meanwhile.
    expect([rig.counted.get('relay-connected'), rig.counted.get('relay-lost')]).toEqual([2, 1]);
  });

  it('away at a stop: what waits stays in Redis, and is sent by the next start', async () => {
    await using redis = await startRedis();
    await using relay = await startProxy(port(network.relay.httpUrl));
    const options = { redis: redis.url, relays: [`ws://localhost:${relay.port}`], update: false };
    {
      await using rig = await startPeerRig(network, 1, options);
      await relay.refuse();
      await untilState(rig, 'the relay to be down', (state) => [...state.relays.values()].every(({ isUp }) => !isUp));
      await rig.request(localRequest({ ref: 'kept' }));
      await expect.poll(() => rig.counted.get('request-taken'), { timeout: 20_000 }).toBe(1);
    }
    await relay.listen();
    await using rig = await startPeerRig(network, 1, options);
    expect(await rig.reply('replies')).toMatchObject({ ref: 'kept', src: '2', err: null });
  });

  it('tells plainly that one identity is used twice', async () => {
    await using first = await startPeerRig(network, 3, { update: false });
    await using second = await startPeerRig(network, 3, { update: false });
    // The relay sees two switches between live programs first; until then each is told only what is known.
    for (const rig of [second, first]) {
      const told = ({ message }: { message: string }) => message.includes('one identity is used twice');
      await expect.poll(() => rig.logged.find(told), { timeout: 60_000 }).toMatchObject({ level: 'error' });
      const [state] = rig.peer.state().relays.values();
      expect(state).toMatchObject({ isUp: false, detail: expect.stringContaining('stop one of the two') });
    }
  }, 150_000);

  it('names no cause when a newer connection takes its session once', async () => {
    await using rig = await startPeerRig(network, 4, { update: false });
    await using other = await network.join(4);
    expect(await other.closed).toMatchObject({ code: 4409 });
    const said = JSON.stringify(rig.logged);
    expect(said).toContain('4409 session taken over by a newer connection');
    expect(said).not.toMatch(/another program|used twice/);
  });
});

const now = () => Math.floor(Date.now() / 1000);
const DAY = 86_400;
const HOUR = 3_600;
const apart = (a: number, b: number) => Math.abs(a - b);

it.each([DAY, -DAY])(
  'a machine whose clock is off by %i s works by the time that relay and chain agree on',
  async (off) => {
    // workerd on this machine tells no time.
    await using relay = await startProxy({ port: network.relay.port });
    relay.rewrite('down', (chunk) => withDate(chunk, Date.now()));
    await using redis = await startRedis();
    await using session = await network.join(6);
    const { secret = '', keyType = '' } = DEV_TWINS.find(({ id }) => id === 1) ?? {};
    const settings = {
      MNEMONIC: secret,
      KEY_TYPE: keyType,
      REDIS: redis.url,
      SUBSTRATE: network.chain.wsUrl,
      RELAY: `ws://localhost:${relay.port}`,
      NO_UPDATE: 'true',
    };
    const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RMB_${name}`, value]));
    await using peer = startPeerProcess({
      command: [process.execPath, '--import', './test/rig/shifted-clock.ts', 'local-peer/main.ts'],
      env: { ...env, CLOCK_OFFSET_MS: String(off * 1000) },
    });
    await peer.ready();
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.lPush('msgbus.system.local', JSON.stringify(localRequest({ dst: [6], now: now() + off })));
    const asked = await session.next();
    expect(apart(Number(asked.timestamp), now())).toBeLessThan(HOUR);
    const answer = request({ twin: 6 }, { twin: 1 }, { uid: asked.uid, content: { kind: 'response' } });
    session.send(await signEnvelope(answer, await network.identity(6)));
    expect(await client.brPop('replies', 120)).toMatchObject({ element: expect.stringContaining('"src":"6"') });
    client.destroy();
  },
);
