import { expect } from 'vitest';
import { type Network, startNetwork } from '../chain/network.ts';
import { localRequest, type PeerRig, startPeerRig } from './peer.ts';
import { untilKeyIsOnChain } from './peer-state.ts';
import { startService } from './service.ts';

/** A network with twin 2, whose peer serves `test.echo`. */
export interface EchoNetwork extends AsyncDisposable {
  readonly network: Network;
}

/** Starts it; every peer that looks twin 2 up from then on can decrypt its messages. */
export async function startEchoNetwork(): Promise<EchoNetwork> {
  const network = await startNetwork();
  const callee = await startPeerRig(network, 2);
  await untilKeyIsOnChain(callee);
  const service = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
  return {
    network,
    [Symbol.asyncDispose]: async () => {
      for (const each of [service, callee, network]) await each[Symbol.asyncDispose]();
    },
  };
}

/** Asserts that twin 2 replies to a request of this peer. */
export async function isAnswered(rig: PeerRig): Promise<void> {
  await rig.request(localRequest({}));
  expect(await rig.reply('replies')).toMatchObject({ src: '2', err: null });
}

/** Returns the port of a URL, as a proxy takes it. */
export function portOf(url: string): { port: number } {
  return { port: Number(new URL(url).port) };
}
