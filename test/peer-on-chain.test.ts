import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEV_TWINS } from '../dev-chain/dev-twins.ts';
import type { TwinEntry } from '../dev-chain/twin-entry.ts';
import { openMetrics } from '../local-peer/metrics.ts';
import { isReady, statusLine } from '../local-peer/readiness.ts';
import { updateTwin } from '../local-peer/twins/update-process.ts';
import { miniSecret } from '../proto/seed.ts';
import { within } from './rig/client.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { type PeerRig, startPeerRig } from './rig/peer.ts';
import { startProxy } from './rig/proxy.ts';

/** Another program writes the twin of a running peer on chain, as the npm client does at each connect. */

let network: Network;
let ours: string;
beforeAll(async () => {
  network = await startNetwork();
  ours = `localhost:${network.relay.port}`;
});
afterAll(() => network[Symbol.asyncDispose]());

const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;
const THEIRS = 'theirs.example';

/** Writes a twin on chain past the pool; the next block tells of it. */
async function put(id: number, fields: Partial<TwinEntry>): Promise<void> {
  const { account, e2ePublicKey } = await network.identity(id);
  network.chain.putTwin({ id, account: hexOf(account), relay: ours, pk: hexOf(e2ePublicKey), ...fields });
}

/** Sends `update_twin` as a program with the secret of a twin does. */
async function send(id: number, relay: string): Promise<void> {
  const dev = DEV_TWINS.find((each) => each.id === id);
  const seed = miniSecret(dev?.secret ?? '');
  if (dev === undefined || !seed.ok) throw new Error(`no development twin ${id}`);
  const { e2ePublicKey: pk } = await network.identity(id);
  const order = { url: network.chain.wsUrl, key: { seed: seed.value, keyType: dev.keyType }, profile: { relay, pk } };
  expect(await updateTwin(order, new AbortController().signal)).toBeUndefined();
}

/** Resolves when the peer says that its twin on chain is right, or that it is not. */
function until({ peer }: PeerRig, isRight: boolean): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    const look = () => peer.state().onChain?.isUp === isRight && resolve();
    peer.onChange(look);
    look();
  });
  return within(reached, `twin ${peer.state().twin} to be ${isRight ? 'right' : 'wrong'} on chain`, 60_000);
}

const gaugeOf = async ({ peer }: PeerRig) =>
  /^rmb_peer_on_chain (.*)$/m.exec(await openMetrics(() => peer.state()).write())?.[1];
/** What was logged of our twin on chain after the start. */
const toldOf = ({ logged }: PeerRig) =>
  logged.filter(({ message }) => /^chain: (twin|the key|our twin is right)/.test(message));

it('warns once when another program changes the relay, and tells when it is right again', async () => {
  await put(2, {});
  await using rig = await startPeerRig(network, 2);
  await until(rig, true);
  expect([await gaugeOf(rig), toldOf(rig)]).toEqual(['1', []]);
  await send(2, THEIRS);
  await until(rig, false);
  const why = `twin 2 has relay ${THEIRS} on chain, expected ${ours}: others do not reach this peer`;
  const state = rig.peer.state();
  expect([await gaugeOf(rig), isReady(state)]).toEqual(['0', true]);
  expect(statusLine(state)).toBe(`twin 2 ready; twin on chain: ${why}`);
  await send(2, ours);
  await until(rig, true);
  const pk = hexOf((await network.identity(2)).e2ePublicKey);
  const [before, after] = [
    { relay: ours, pk },
    { relay: THEIRS, pk },
  ];
  expect([await gaugeOf(rig), toldOf(rig)]).toEqual([
    '1',
    [
      {
        level: 'warn',
        fields: { twin: 2, before, after },
        message: `chain: ${why}; start the peer again to write the values of this peer, or use --keep-on-chain`,
      },
      { level: 'info', fields: { twin: 2, before: after, after: before }, message: 'chain: our twin is right again' },
    ],
  ]);
});

it('says so when the chain was out of reach meanwhile', async () => {
  await put(3, {});
  await using chain = await startProxy({ port: network.chain.port });
  await using rig = await startPeerRig(network, 3, { substrate: [`ws://localhost:${chain.port}`] });
  await until(rig, true);
  await chain.refuse();
  await put(3, { pk: hexOf((await network.identity(4)).e2ePublicKey) });
  network.chain.makeBlocks(1);
  await chain.listen();
  await until(rig, false);
  expect(rig.peer.state().onChain?.detail).toMatch(/^the key of twin 3 on chain is not the key of this peer/);
});

it('says so from the start when it may not write', async () => {
  await put(4, { relay: null });
  await using rig = await startPeerRig(network, 4, { update: false });
  await until(rig, false);
  expect(toldOf(rig).map(({ message }) => message)).toEqual([
    `chain: twin 4 has no relay on chain, expected ${ours}: others do not reach this peer; start it once without --no-update to write the values of this peer`,
  ]);
});

it('writes relay and key again with --keep-on-chain, where the relay reads them', async () => {
  await put(5, {});
  await using rig = await startPeerRig(network, 5, { keepOnChain: true });
  await until(rig, true);
  await put(5, { relay: THEIRS, pk: '0x0102' });
  await until(rig, false);
  await until(rig, true);
  await using reader = await startPeerRig(network, 5, { update: false });
  await until(reader, true);
  expect(toldOf(reader)).toEqual([]);
});
