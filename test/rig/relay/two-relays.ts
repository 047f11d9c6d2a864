import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import type { bundleWorker } from '../../../tools/local-relay/bundle.ts';
import { type LocalRelay, startRelay } from '../../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../chain/network.ts';
import { type Client, connectAs } from '../clients/client.ts';

/** A chain and two relays of our software: twins 1, 2 and 3 are at home at A, twins 4, 5 and 6 at B. */
export interface TwoRelays extends AsyncDisposable {
  readonly chain: DevChain;
  readonly a: LocalRelay;
  readonly b: LocalRelay;
  /** Opens a session of a development twin at a relay, its own or the other. */
  join(relay: LocalRelay, twin: number, sid?: string): Promise<Client>;
  /** Writes a twin on chain, with the key of development twin `keyOf` (its own, where it has one). */
  settle(id: number, relay: string | null, keyOf?: number): Promise<void>;
}

/** Writes a twin on a dev chain. */
export async function settleOn(chain: DevChain, id: number, relay: string | null, keyOf = id): Promise<void> {
  const { account } = await identityOfTwin(keyOf);
  chain.putTwin({ id, account: `0x${Buffer.from(account).toString('hex')}`, relay, pk: null });
}

/**
 * Starts all three; the relays reach each other over plain HTTP.
 * @param bundle of the relays' Worker; absent: as a deploy does
 */
export async function startTwoRelays(
  settings: Record<string, string> = {},
  bundle?: typeof bundleWorker,
): Promise<TwoRelays> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.adopt(await startDevChain({ blockTimeMs: 1000 }), (each) => each.close());
  const all = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http', ...settings };
  const options = { settings: all, ...(bundle && { bundle }) };
  const a = stack.use(await startRelay(options));
  const b = stack.use(await startRelay(options));
  for (const { id } of DEV_TWINS) await settleOn(chain, id, `localhost:${(id <= 3 ? a : b).port}`);
  const owned = stack.move();
  return {
    chain,
    a,
    b,
    join: async (relay, twin, sid) => connectAs(relay.wsUrl, twin, await identityOfTwin(twin), sid),
    settle: (id, relay, keyOf) => settleOn(chain, id, relay, keyOf),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
