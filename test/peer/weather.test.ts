import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import type { Network } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { type EchoNetwork, isAnswered, portOf, startEchoNetwork } from '../rig/peer/echo-network.ts';
import { localRequest, startPeerRig } from '../rig/peer/peer.ts';
import { untilState } from '../rig/peer/peer-state.ts';
import { startRedis, startRedisServer } from '../rig/redis/redis.ts';
import { startProxy } from '../rig/relay/proxy.ts';
import { until } from '../rig/until.ts';

/** Redis, chain and relays come and go; the peer stays, says so, and works as soon as it can. */
const NEWCOMER = 77;

let echo: EchoNetwork;
let network: Network;
beforeAll(async () => {
  echo = await startEchoNetwork();
  ({ network } = echo);
});
afterAll(() => echo[Symbol.asyncDispose]());

describe('Redis', () => {
  it('may be away at the start and later without a lost request', async () => {
    await using redis = await startRedisServer({ isDurable: true });
    await redis.kill();
    await using rig = await startPeerRig(network, 1, { redis: redis.url, awaitsReady: false });
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
  it('may be away at the start: known twins come from Redis', async () => {
    await using redis = await startRedis();
    await using chain = await startProxy(portOf(network.chain.httpUrl));
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

  it('may be away at the first start: the peer waits for its twin id, and stops on request', async () => {
    await using chain = await startProxy(portOf(network.chain.httpUrl));
    await chain.refuse();
    const options = { substrate: [`ws://localhost:${chain.port}`] };
    await using waiting = await startPeerRig(network, 1, { ...options, awaitsReady: false });
    await using stopped = await startPeerRig(network, 3, { ...options, awaitsReady: false });
    await untilState(waiting, 'the chain to be tried', (state) => state.chain.detail !== 'not connected yet');
    expect(waiting.peer.state().twin).toBeUndefined();
    await within(stopped.peer.close(), 'the end of a peer that never began');
    await chain.listen();
    await within(waiting.peer.ready, 'the peer to be ready');
    await isAnswered(waiting);
  });

  it('may hang: known twins are served, an unknown one is an error', async () => {
    await using chain = await startProxy(portOf(network.chain.httpUrl));
    await using rig = await startPeerRig(network, 1, { substrate: [`ws://localhost:${chain.port}`], update: false });
    await isAnswered(rig);
    chain.blackhole('up', 'down');
    await rig.request(localRequest({ dst: [NEWCOMER + 1] }));
    await isAnswered(rig);
    expect((await rig.reply('replies')).err?.message).toContain('the chain said nothing about twin 78');
  });

  it('may lack our twin: the peer says what to do and waits', async () => {
    await using chain = await startDevChain({ blockTimeMs: 500, twins: [] });
    const { account } = await network.identity(3);
    await using rig = await startPeerRig(network, 3, { substrate: [chain.wsUrl], update: false, awaitsReady: false });
    const isTold = () => rig.logged.some(({ message }) => message.startsWith('no twin on chain for this key'));
    await until('the log line', isTold);
    chain.putTwin({ id: 3, account: `0x${Buffer.from(account).toString('hex')}`, relay: null, pk: null });
    await within(rig.peer.ready, 'the peer to be ready');
    expect(rig.peer.state().twin).toBe(3);
  });

  it('announces a new key by its events before the next message', async () => {
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
    await until('a message that is encrypted', async () => (await kind()) === 'cipher');
    network.chain.putTwin({ id: 6, account, relay, pk: null });
    await until('a message in the open', async () => (await kind()) === 'plain');
  });
});
