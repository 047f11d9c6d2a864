import { type DevChain, startDevChain } from '../../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../dev-chain/dev-twins.ts';
import { type LocalRelay, startRelay } from '../../local-relay/relay.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import { type Client, connectAs } from './client.ts';

/** A dev chain, a relay on workerd, and the development twins at home there. */
export interface Network extends AsyncDisposable {
  readonly chain: DevChain;
  readonly relay: LocalRelay;
  /** The keys of a development twin. */
  identity(twin: number): Promise<Identity>;
  /** Opens a session of a development twin. */
  join(twin: number, sid?: string): Promise<Client>;
  /** Writes a twin on chain: development twin `twin`'s account under another relay string. */
  settle(id: number, relay: string | null): Promise<void>;
}

/** Starts both; all twins of the chain have this relay. */
export async function startNetwork(settings: Record<string, string> = {}): Promise<Network> {
  const chain = await startDevChain({ blockTimeMs: 1000 });
  const relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl, ...settings } });
  const identity = async (twin: number) => {
    const dev = DEV_TWINS.find(({ id }) => id === twin);
    if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
    const result = await identityOf(dev.secret, dev.keyType);
    if (!result.ok) throw new Error(`development twin ${twin} has a bad secret`);
    return result.value;
  };
  const settle = async (id: number, domain: string | null) => {
    const { account } = await identity(DEV_TWINS.some((twin) => twin.id === id) ? id : 6);
    chain.putTwin({ id, account: `0x${Buffer.from(account).toString('hex')}`, relay: domain, pk: null });
  };
  for (const { id } of DEV_TWINS) await settle(id, `localhost:${relay.port}`);
  return {
    chain,
    relay,
    identity,
    join: async (twin, sid) => connectAs(relay.wsUrl, twin, await identity(twin), sid),
    settle,
    [Symbol.asyncDispose]: async () => {
      await relay.close();
      await chain.close();
    },
  };
}
