import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { SuiteNetwork, SuiteTwin } from './suite-tools.ts';

/** Starts a relay and a chain for the suite: twins 1 and 2 have their keys on chain, 3 and 4 none, 5 is offline. */
export async function startSuiteNetwork(): Promise<{ network: Network; suite: SuiteNetwork }> {
  const network = await startNetwork();
  const relay = new URL(network.relay.wsUrl).host;
  for (const id of [1, 2]) {
    const { account, e2ePublicKey } = await network.identity(id);
    network.chain.putTwin({ id, account: hexOf(account), relay, pk: hexOf(e2ePublicKey) });
  }
  // The keys count from the next block: a client that connects before it sends in plain text.
  network.chain.makeBlocks(2);
  const suite: SuiteNetwork = {
    relay: network.relay.wsUrl,
    chain: network.chain.wsUrl,
    encrypting: [twin(1), twin(2)],
    plain: [twin(3), twin(4)],
    offline: 5,
  };
  return { network, suite };
}

function twin(id: number): SuiteTwin {
  const found = DEV_TWINS.find((each) => each.id === id);
  if (found === undefined) throw new Error(`twin ${id} is no development twin`);
  const { secret, keyType } = found;
  return { id, secret, keyType };
}

function hexOf(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
