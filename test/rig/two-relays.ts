import { type DevChain, startDevChain } from '../../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../dev-chain/dev-twins.ts';
import { type LocalRelay, startRelay } from '../../local-relay/relay.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { type Client, connectAs } from './client.ts';

/** One chain and two relays of ours, each with twins at home: 1, 2, 3 at A, 4, 5, 6 at B. */
export interface TwoRelays extends AsyncDisposable {
  readonly chain: DevChain;
  readonly a: LocalRelay;
  readonly b: LocalRelay;
  /** Opens a session of a development twin at a relay, its own or the other. */
  join(relay: LocalRelay, twin: number, sid?: string): Promise<Client>;
  /** Writes a twin on chain, with the key of development twin `keyOf` (its own, where it has one). */
  settle(id: number, relay: string | null, keyOf?: number): Promise<void>;
}

/** The keys of a development twin. */
export async function devIdentity(twin: number): Promise<Identity> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  const identity = await identityOf(dev.secret, dev.keyType);
  if (!identity.ok) throw new Error(`development twin ${twin} has a bad secret`);
  return identity.value;
}

/** Writes a twin on a dev chain. */
export async function settleOn(chain: DevChain, id: number, relay: string | null, keyOf = id): Promise<void> {
  const { account } = await devIdentity(keyOf);
  chain.putTwin({ id, account: `0x${Buffer.from(account).toString('hex')}`, relay, pk: null });
}

/**
 * Starts all three; the relays reach each other over plain HTTP.
 * @param bundle of the relays' Worker; absent: as a deploy does
 */
export async function startTwoRelays(
  settings: Record<string, string> = {},
  bundle?: (entry: string) => Promise<string>,
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
    join: async (relay, twin, sid) => connectAs(relay.wsUrl, twin, await devIdentity(twin), sid),
    settle: (id, relay, keyOf) => settleOn(chain, id, relay, keyOf),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
