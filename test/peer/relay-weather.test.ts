import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import type { Network } from '../rig/chain/network.ts';
import { withDate } from '../rig/clients/dated.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { asTwin } from '../rig/peer/command.ts';
import { type EchoNetwork, isAnswered, portOf, startEchoNetwork } from '../rig/peer/echo-network.ts';
import { localRequest, startPeerRig } from '../rig/peer/peer.ts';
import { SOURCE, startPeerProcess } from '../rig/peer/peer-process.ts';
import { untilState } from '../rig/peer/peer-state.ts';
import { startService } from '../rig/peer/service.ts';
import { startRedis } from '../rig/redis/redis.ts';
import { startProxy } from '../rig/relay/proxy.ts';
import { until } from '../rig/until.ts';

/** Redis, chain and relays come and go; the peer stays, says so, and works as soon as it can. */

let echo: EchoNetwork;
let network: Network;
beforeAll(async () => {
  echo = await startEchoNetwork();
  ({ network } = echo);
});
afterAll(() => echo[Symbol.asyncDispose]());

describe('relays', () => {
  it('may fail singly: requests pass through the other one', async () => {
    await using second = await startRelay({ settings: { SUBSTRATE_URLS: network.chain.httpUrl } });
    await using first = await startProxy(portOf(network.relay.httpUrl));
    const relays = [`ws://localhost:${first.port}`, second.wsUrl];
    await using other = await startPeerRig(network, 3, { relays: [second.wsUrl], update: false });
    await using _ = await startService(other.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
    await using rig = await startPeerRig(network, 1, { relays, update: false });
    await untilState(rig, 'both relays to be up', (state) => [...state.relays.values()].every(({ isUp }) => isUp));
    await isAnswered(rig);
    await first.refuse();
    await rig.request(localRequest({ dst: [3] }));
    expect(await rig.reply('replies')).toMatchObject({ src: '3', err: null });
    await untilState(rig, 'the first relay to be down', ({ relays }) =>
      [...relays].every(([host, { isUp }]) => isUp === (host === `localhost:${second.port}`)),
    );
    expect([...rig.peer.state().relays.keys()]).toEqual([`localhost:${first.port}`, `localhost:${second.port}`]);
    await first.listen();
    await untilState(rig, 'the first relay to be back', (state) =>
      [...state.relays.values()].every(({ isUp }) => isUp),
    );
  });

  it('may be away: a short-lived request times out before a long-lived one queued earlier', async () => {
    await using relay = await startProxy(portOf(network.relay.httpUrl));
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
      // It expired before the peer claimed it.
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

  it('may be away at a stop: the next start sends the request that Redis keeps', async () => {
    await using redis = await startRedis();
    await using relay = await startProxy(portOf(network.relay.httpUrl));
    const options = { redis: redis.url, relays: [`ws://localhost:${relay.port}`], update: false };
    {
      await using rig = await startPeerRig(network, 1, options);
      await relay.refuse();
      await untilState(rig, 'the relay to be down', (state) => [...state.relays.values()].every(({ isUp }) => !isUp));
      await rig.request(localRequest({ ref: 'kept' }));
      await until('the request to be taken', () => rig.counted.get('request-taken') === 1);
    }
    await relay.listen();
    await using rig = await startPeerRig(network, 1, options);
    expect(await rig.reply('replies')).toMatchObject({ ref: 'kept', src: '2', err: null });
  });

  it('show that one identity is used twice', async () => {
    await using first = await startPeerRig(network, 3, { update: false });
    await using second = await startPeerRig(network, 3, { update: false });
    // The relay must see two switches between live programs first; until then each reads only that it was replaced.
    for (const rig of [second, first]) {
      const told = ({ message }: { message: string }) => message.includes('one identity is used twice');
      expect(await until('the cause', () => rig.logged.find(told))).toMatchObject({ level: 'error' });
      const [state] = rig.peer.state().relays.values();
      expect(state).toMatchObject({ isUp: false, detail: expect.stringContaining('stop one of the two') });
    }
  }, 150_000);

  it('show no cause when a newer connection takes a session once', async () => {
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

it.each([DAY, -DAY])('a peer whose clock is off by %i s uses the time on which relay and chain agree', async (off) => {
  // workerd on this machine tells no time.
  await using relay = await startProxy({ port: network.relay.port });
  relay.rewrite('down', (chunk) => withDate(chunk, Date.now()));
  await using redis = await startRedis();
  await using session = await network.join(6);
  const around = { chain: network.chain, relay: { wsUrl: `ws://localhost:${relay.port}` } };
  await using peer = startPeerProcess({
    command: [process.execPath, '--import', './test/rig/peer/shifted-clock.ts', SOURCE],
    env: { ...asTwin(around, 1, redis.url), RMB_NO_UPDATE: 'true', CLOCK_OFFSET_MS: String(off * 1000) },
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
});
