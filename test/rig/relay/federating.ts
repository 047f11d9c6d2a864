import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../chain/network.ts';
import type { Client } from '../clients/client.ts';
import { type OddRelay, startOddRelay } from './odd-relay.ts';
import { settleOn } from './two-relays.ts';

/** A network whose relay federates over HTTP, and another relay that takes everything. */
export interface Federating extends AsyncDisposable {
  readonly network: Network;
  readonly good: OddRelay;
  /** Returns a new twin at home at these relays. */
  twinAt(...domains: readonly string[]): Promise<number>;
  /** Opens a session of twin 1 of a test's own, so that tests do not read each other's errors. */
  joined(sid: string): Promise<{ client: Client; self: NonNullable<Envelope['source']> }>;
}

/** The highest id on chain. A relay asks the chain for a lower one as soon as it needs it, and waits for no block. */
const LAST_TWIN = 999;

/** Starts both. */
export async function startFederating(): Promise<Federating> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await startNetwork({ FEDERATION_SCHEME: 'http' }));
  await network.settle(LAST_TWIN, null);
  const good = stack.use(await startOddRelay(202));
  const owned = stack.move();
  let lastTwin = 100;
  return {
    network,
    good,
    twinAt: async (...domains) => {
      lastTwin += 1;
      const twin = lastTwin;
      await settleOn(network.chain, twin, domains.join('_'), 6);
      return twin;
    },
    joined: async (sid) => {
      const client = owned.use(await network.join(1, sid));
      return { client, self: { twin: 1, connection: sid } };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
