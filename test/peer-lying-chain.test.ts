import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { signEnvelope } from '../proto/signature.ts';
import { request } from './rig/envelopes.ts';
import { type HostileRelay, startHostileRelay } from './rig/hostile-relay.ts';
import { identityOfTwin } from './rig/network.ts';
import { type PeerRig, startPeerRig } from './rig/peer.ts';

/** One of two chain nodes gives a twin the keys of another one. */

const CALLER = 6;
const LIAR = 5;

let honest: DevChain;
let lying: DevChain;
let relay: HostileRelay;
let peer: PeerRig;
beforeAll(async () => {
  const options = { blockTimeMs: 1000 };
  [lying, honest, relay] = await Promise.all([startDevChain(options), startDevChain(options), startHostileRelay()]);
  const around = { chain: lying, relay: { wsUrl: relay.url } };
  peer = await startPeerRig(around, 2, { update: false, substrate: [lying.wsUrl, honest.wsUrl] });
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  for (const chain of [lying, honest]) await chain.close();
});

const bring = async (command: string, signer: number) => {
  const asked = request({ twin: CALLER }, { twin: 2 }, { content: { kind: 'request', command } });
  relay.bring(await signEnvelope(asked, await identityOfTwin(signer)));
};
const accountOf = async (twin: number): Promise<`0x${string}`> =>
  `0x${Buffer.from((await identityOfTwin(twin)).account).toString('hex')}`;

it('keeps the keys of a twin that it knew when its second node does not confirm others', async () => {
  await bring('first', CALLER);
  expect(await peer.take('msgbus.first')).toBeDefined();
  lying.putTwin({ id: CALLER, account: await accountOf(LIAR), relay: null, pk: null });
  lying.makeBlocks(1);
  const disputed = async () => {
    await bring('second', CALLER);
    await peer.take('msgbus.second');
    return peer.details.get('twin-key-changed disputed') ?? 0;
  };
  await expect.poll(disputed, { timeout: 60_000 }).toBeGreaterThan(0);
  await bring('forged', LIAR);
  await bring('last', CALLER);
  expect(await peer.take('msgbus.last')).toBeDefined();
  expect(peer.details.get('command-delivered forged')).toBeUndefined();
  expect(peer.logged.map(({ message }) => message)).toContain(
    'chain: one node says that the keys of a twin have changed, another does not: the old ones stay',
  );
});
