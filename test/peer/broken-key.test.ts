import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { seal } from '../../proto/crypto/cipher.ts';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { signEnvelope, verifyEnvelope } from '../../proto/crypto/signature.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import type { Identity } from '../../proto/identity.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { untilKeyIsOnChain } from '../rig/peer/peer-state.ts';
import { startService } from '../rig/peer/service.ts';
import { until } from '../rig/until.ts';

/** Bare sessions of twins 5 and 6 against a peer of twin 2; on chain twin 5 has a key that is no key. */
let network: Network;
let peer: PeerRig;
let client: Client;
let me: Identity;
let service: AsyncDisposable;
beforeAll(async () => {
  network = await startNetwork();
  peer = await startPeerRig(network, 2);
  await untilKeyIsOnChain(peer);
  me = await network.identity(6);
  client = await network.join(6);
  service = await startService(peer.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
});
afterAll(async () => {
  for (const each of [service, client, peer, network]) await each[Symbol.asyncDispose]();
});

const NONE = new Uint8Array(0);

describe('a twin whose key on chain is invalid', () => {
  const RELAY = () => `localhost:${network.relay.port}`;
  /** 5 is the x of no point of the curve. */
  const NO_POINT = `0x02${'00'.repeat(31)}05` as const;
  const BROKEN =
    'the key of twin 5 on chain is no secp256k1 public key: its owner must write the right one there (rmb-peer writes it when it starts)';
  let five: Client;
  let fiveKeys: Identity;
  beforeAll(async () => {
    fiveKeys = await network.identity(5);
    five = await network.join(5);
  });
  afterAll(() => five[Symbol.asyncDispose]());

  /** Writes twin 5 on chain; the peer has seen the block when this resolves. */
  const write = async (pk: `0x${string}` | null) => {
    const account = `0x${Buffer.from(fiveKeys.account).toString('hex')}` as const;
    network.chain.putTwin({ id: 5, account, relay: RELAY(), pk });
    const { redisUrl } = peer;
    const redis = createClient({ url: redisUrl });
    await redis.connect();
    network.chain.makeBlocks(1);
    const key = `msgbus.system.twin.localhost:${network.chain.port}.5`;
    const saved = pk === null ? '"pk":null' : pk.slice(2);
    await until('the twin as the peer knows it', async () => (await redis.get(key))?.includes(saved));
    redis.destroy();
  };
  const askFrom5 = async (fields: Partial<Envelope> = {}) =>
    five.send(await signEnvelope(request({ twin: 5 }, { twin: 2 }, fields), fiveKeys));

  it('is refused before a service runs, with a signed error in the open', async () => {
    await write(NO_POINT);
    const delivered = peer.counted.get('command-delivered');
    const own = await network.identity(2);
    const cipher = { kind: 'cipher' as const, bytes: await seal(fiveKeys.sharedKey(own.e2ePublicKey), NONE) };
    for (const payload of [{ kind: 'plain' as const, bytes: NONE }, cipher]) {
      await askFrom5({ payload });
      const answer = await five.next();
      expect(answer.content).toEqual({ kind: 'error', code: 105, message: BROKEN });
      expect(answer.payload).toBeUndefined();
      expect(await verifyEnvelope(answer, own.account, PORTABLE)).toMatchObject({ ok: true });
    }
    expect(peer.counted.get('command-delivered')).toBe(delivered);
  });

  it('gets no request: the program reads error 105', async () => {
    await write(NO_POINT);
    await peer.request(localRequest({ dst: [5] }));
    expect((await peer.reply('replies')).err).toEqual({ code: 105, message: BROKEN });
    const marker = await signEnvelope(request({ twin: 6 }, { twin: 5 }), me);
    client.send(marker);
    expect((await five.next()).uid).toBe(marker.uid);
  });

  it('reads error 105 when the key breaks while the service works', async () => {
    await write(null);
    const command = 'test.slow';
    await askFrom5({ content: { kind: 'request', command } });
    const entry = z
      .looseObject({ ref: z.string(), src: z.string() })
      .parse(JSON.parse((await peer.take(`msgbus.${command}`)) ?? ''));
    await write(NO_POINT);
    const { ref, src: dst } = entry;
    await peer.respond({ ver: 1, ref, dst, dat: 'aGVsbG8=', now: Math.floor(Date.now() / 1000) });
    const answer = await five.next();
    expect([answer.uid, answer.content]).toEqual([ref, { kind: 'error', code: 105, message: BROKEN }]);
  });

  it('is served again once its owner has taken the key away', async () => {
    await write(NO_POINT);
    await write(null);
    await askFrom5();
    expect((await five.next()).content).toEqual({ kind: 'response' });
  });
});
