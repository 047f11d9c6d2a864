import { afterAll, beforeAll, expect, it } from 'vitest';
import { updateTwin } from '../../local-peer/chain-writer/update-process.ts';
import { openMetrics } from '../../local-peer/daemon/metrics.ts';
import { isReady, statusLine } from '../../local-peer/daemon/readiness.ts';
import { miniSecret } from '../../proto/crypto/seed.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import type { TwinEntry } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { untilState } from '../rig/peer/peer-state.ts';
import { startProxy } from '../rig/relay/proxy.ts';

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

/**
 * Writes a twin on chain past the pool. A block tells of it, and another one is the newest: a new connection first reads
 * the newest block, which must not name the twin with its record of before.
 */
async function put(id: number, fields: Partial<TwinEntry>): Promise<void> {
  const { account, e2ePublicKey } = await network.identity(id);
  network.chain.putTwin({ id, account: hexOf(account), relay: ours, pk: hexOf(e2ePublicKey), ...fields });
  network.chain.makeBlocks(2);
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
function reported(rig: PeerRig, isRight: boolean): Promise<void> {
  const what = `twin ${rig.peer.state().twin} to be ${isRight ? 'right' : 'wrong'} on chain`;
  return untilState(rig, what, ({ onChain }) => onChain?.isUp === isRight);
}

const gaugeOf = async ({ peer }: PeerRig) =>
  /^rmb_peer_on_chain (.*)$/m.exec(await openMetrics(() => peer.state()).write())?.[1];
/** Returns the log lines about our twin on chain after the start. */
const toldOf = ({ logged }: PeerRig) =>
  logged.filter(({ message }) => /^chain: (twin|the key of|the own twin is right)/.test(message));

it('a peer warns once when another program changes its relay on chain, and logs when the relay is right again', async () => {
  await put(2, {});
  await using rig = await startPeerRig(network, 2);
  await reported(rig, true);
  expect([await gaugeOf(rig), toldOf(rig)]).toEqual(['1', []]);
  await send(2, THEIRS);
  await reported(rig, false);
  const why = `twin 2 has relay ${THEIRS} on chain, expected ${ours}: others do not reach this peer`;
  const state = rig.peer.state();
  expect([await gaugeOf(rig), isReady(state)]).toEqual(['0', true]);
  expect(statusLine(state)).toBe(`twin 2 ready; twin on chain: ${why}`);
  await send(2, ours);
  await reported(rig, true);
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
      {
        level: 'info',
        fields: { twin: 2, before: after, after: before },
        message: 'chain: the own twin is right again',
      },
    ],
  ]);
});

it('a peer reports a change on chain that happened while the chain was out of reach', async () => {
  await put(3, {});
  await using chain = await startProxy({ port: network.chain.port });
  await using rig = await startPeerRig(network, 3, { substrate: [`ws://localhost:${chain.port}`] });
  await reported(rig, true);
  await chain.refuse();
  await put(3, { pk: hexOf((await network.identity(4)).e2ePublicKey) });
  await chain.listen();
  await reported(rig, false);
  expect(rig.peer.state().onChain?.detail).toMatch(/^the key of twin 3 on chain is not the key of this peer/);
});

it('a peer that may not write reports a wrong twin on chain from its start', async () => {
  await put(4, { relay: null });
  await using rig = await startPeerRig(network, 4, { update: false });
  await reported(rig, false);
  expect(toldOf(rig).map(({ message }) => message)).toEqual([
    `chain: twin 4 has no relay on chain, expected ${ours}: others do not reach this peer; start it once without --no-update to write the values of this peer`,
  ]);
});

it('a peer with --keep-on-chain writes relay and key again', async () => {
  await put(5, {});
  await using rig = await startPeerRig(network, 5, { keepOnChain: true });
  await reported(rig, true);
  await put(5, { relay: THEIRS, pk: '0x0102' });
  await reported(rig, false);
  await reported(rig, true);
  await using reader = await startPeerRig(network, 5, { update: false });
  await reported(reader, true);
  expect(toldOf(reader)).toEqual([]);
});
