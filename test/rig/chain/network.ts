import type { Identity } from '../../../proto/identity.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import type { bundleWorker } from '../../../tools/local-relay/bundle.ts';
import { freePort } from '../../../tools/local-relay/port.ts';
import { type LocalRelay, startRelay } from '../../../tools/local-relay/relay.ts';
import { type Client, connectAs } from '../clients/client.ts';
import { bundleMetered, sleep } from '../relay/metered.ts';
import { until } from '../until.ts';

/** A dev chain, a relay on workerd, and the development twins at home there. */
export interface Network extends AsyncDisposable {
  readonly chain: DevChain;
  readonly relay: LocalRelay;
  /** The keys of a development twin. */
  identity(twin: number): Promise<Identity>;
  /** Opens a session of a development twin. */
  join(twin: number, sid?: string): Promise<Client>;
  /** Writes a twin on chain, under another relay string, and waits until the relay has seen it. */
  settle(id: number, relay: string | null): Promise<void>;
}

/** The keys of a development twin. */
export async function identityOfTwin(id: number): Promise<Identity> {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return devIdentity(twin);
}

/**
 * Starts both; all twins of the chain have this relay, from before it starts. The relay has a meter: an object is put to
 * sleep when it has nothing left to do, as the platform does it.
 * @param bundle another Worker; it has no meter, and `evict` does not work
 */
export async function startNetwork(
  settings: Record<string, string> = {},
  bundle: typeof bundleWorker = bundleMetered,
): Promise<Network> {
  const chain = await startDevChain({ blockTimeMs: 1000 });
  const port = await freePort();
  const identity = identityOfTwin;
  const put = async (id: number, domain: string | null) => {
    const { account } = await identity(DEV_TWINS.some((twin) => twin.id === id) ? id : 6);
    chain.putTwin({ id, account: `0x${Buffer.from(account).toString('hex')}`, relay: domain, pk: null });
  };
  for (const { id } of DEV_TWINS) await put(id, `localhost:${port}`);
  const relay = await startRelay({
    port,
    // Tests reach it through proxies on other ports, and a token names the host that its twin dials.
    settings: { SUBSTRATE_URLS: chain.httpUrl, RELAY_ALIASES: 'localhost', ...settings },
    bundle,
  });
  return {
    chain,
    relay: { ...relay, evict: (twin) => sleep(relay, twin) },
    identity,
    join: async (twin, sid) => connectAs(relay.wsUrl, twin, await identity(twin), sid),
    settle: async (id, domain) => {
      await put(id, domain);
      chain.makeBlocks(1);
      const { head } = chain;
      await until(`the relay to read block ${head}`, async () => ((await relay.watcherStatus()).block ?? 0) >= head);
    },
    [Symbol.asyncDispose]: async () => {
      await relay.close();
      await chain.close();
    },
  };
}
