import { afterAll, beforeAll, expect, it } from 'vitest';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { identityOfTwin } from '../../rig/chain/network.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { type HostileRelay, startHostileRelay } from '../../rig/relay/hostile-relay.ts';
import { until } from '../../rig/until.ts';

/** A peer has two chain nodes, and one of them gives a twin the keys of another twin. */

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

it('a peer keeps the known keys of a twin when its second node does not confirm new ones', async () => {
  await bring('first', CALLER);
  expect(await peer.take('msgbus.first')).toBeDefined();
  lying.putTwin({ id: CALLER, account: await accountOf(LIAR), relay: null, pk: null });
  lying.makeBlocks(1);
  const disputed = async () => {
    await bring('second', CALLER);
    await peer.take('msgbus.second');
    return peer.details.get('twin-key-changed disputed') ?? 0;
  };
  await until('the dispute', async () => (await disputed()) > 0);
  await bring('forged', LIAR);
  await bring('last', CALLER);
  expect(await peer.take('msgbus.last')).toBeDefined();
  expect(peer.details.get('command-delivered forged')).toBeUndefined();
  expect(peer.logged.map(({ message }) => message)).toContain(
    'chain: one node reports changed keys of a twin, another does not: the old keys stay',
  );
});
