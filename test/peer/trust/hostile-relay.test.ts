import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseToken } from '../../../proto/token/token.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { connect } from '../../rig/clients/client.ts';
import { asTwin, runCommand } from '../../rig/peer/command.ts';
import { runDoctor, secretOf } from '../../rig/peer/doctor.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import { startHostileRelay } from '../../rig/relay/hostile-relay.ts';
import { startProxy } from '../../rig/relay/proxy.ts';

/** A hostile relay may misuse the tokens of a peer and send it a wrong time. */
let network: Network;
beforeAll(async () => {
  // Without an alias, proxies and hostile relays are other relays here.
  network = await startNetwork({ RELAY_ALIASES: '' });
});
afterAll(() => network[Symbol.asyncDispose]());

const now = () => Math.floor(Date.now() / 1000);
const HOUR = 3_600;
const claimsOf = (token: string) => {
  const parsed = parseToken(token);
  if (!parsed.ok) throw new Error('the peer sent no token');
  return parsed.value.claims;
};
/** Returns the difference of two times, in seconds. */
const apart = (a: number, b: number) => Math.abs(a - b);

describe('a relay that sends the year 2100', () => {
  const DATE = 'Fri, 01 Jan 2100 00:00:00 GMT';
  const asksTwin6 = async (peer: PeerRig, relay: { next(): Promise<{ timestamp: bigint }> }) => {
    await peer.request(localRequest({ dst: [6] }));
    return Number((await relay.next()).timestamp);
  };

  it('gets no token and no request of that year, with or without a chain', async () => {
    await using redis = await startRedis();
    await using relay = await startHostileRelay(DATE);
    const options = { relays: [relay.url], update: false, redis: redis.url };
    await using chain = await startProxy({ port: network.chain.port });
    const substrate = [`ws://localhost:${chain.port}`];
    for (const hasChain of [true, false]) {
      // Without the chain the peer reads its twin, and the twins it asks, from Redis.
      if (!hasChain) await chain.refuse();
      await using peer = await startPeerRig(network, 2, { ...options, substrate });
      const { iat, exp } = claimsOf(await relay.nextToken());
      for (const time of [iat, exp, await asksTwin6(peer, relay)]) expect(apart(time, now())).toBeLessThan(HOUR);
      expect(peer.logged.some(({ message }) => message.includes('it is not used'))).toBe(true);
    }
  });
});

describe('a token that a relay received', () => {
  it.each<[string, (url: string) => Promise<void>]>([
    [
      'a peer',
      async (url) => {
        await using _ = await startPeerRig(network, 2, { relays: [url], update: false });
      },
    ],
    [
      'call',
      async (url) => {
        await runCommand(['call', '6', 'x', '-t', '1'], { ...asTwin(network, 2), RMB_RELAY: url });
      },
    ],
    [
      'doctor',
      async (url) => {
        await using redis = await startRedis();
        await runDoctor({ ...secretOf(2), REDIS: redis.url, SUBSTRATE: network.chain.wsUrl, RELAY: url });
      },
    ],
  ])('from %s opens no session at another relay', async (_, give) => {
    await using relay = await startHostileRelay();
    await give(relay.url);
    const [token = ''] = relay.tokens;
    expect(claimsOf(token).aud).toEqual([relay.host]);
    await expect(connect(network.relay.wsUrl, token)).rejects.toThrow(/^401 .*other-audience/);
  });
});
