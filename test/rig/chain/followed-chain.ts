import type { Identity } from '../../../proto/identity.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { type LocalRelay, startRelay } from '../../../tools/local-relay/relay.ts';
import { twinKey } from '../../../workers/twin-resolver/kv-record.ts';
import { type Client, connectAs } from '../clients/client.ts';
import { bundleMetered } from '../relay/metered.ts';
import { until } from '../until.ts';
import { type Behaviour, type ChainNode, startChainNode } from './chain-node.ts';
import { identityOfTwin } from './network.ts';

/** A dev chain that makes blocks fast, and relays whose watchers follow it. */
export interface FollowedChain extends AsyncDisposable {
  readonly chain: DevChain;
  /** Starts a node before the chain. */
  startNode(behaviour?: Behaviour): Promise<ChainNode>;
  /** Starts a relay; resolves when its watcher has dealt with a block. @param persist directory of its storage */
  startRelay(urls: string, persist?: string): Promise<LocalRelay>;
  /** Writes a development twin's relay, and makes the block that tells of it at once. */
  update(twin: number, relay: string | null): Promise<void>;
  /** Opens a session of a development twin. */
  connect(relay: LocalRelay, twin: number): Promise<Client>;
}

/** Starts a chain; its nodes, relays and sessions end with it. @param blockTimeMs from one block to the next */
export async function startFollowedChain(blockTimeMs = 250): Promise<FollowedChain> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ blockTimeMs }));
  const owned = stack.move();
  return {
    chain,
    startNode: async (behaviour) => owned.use(await startChainNode(chain, behaviour)),
    startRelay: async (urls, persist) => {
      const options = { settings: { SUBSTRATE_URLS: urls }, bundle: bundleMetered };
      const relay = owned.use(await startRelay(persist === undefined ? options : { ...options, persist }));
      await until('the first block at the watcher', async () => (await relay.watcherStatus()).block);
      await follows(relay, 1);
      return relay;
    },
    update: async (twin, relay) => {
      const { account }: Identity = await identityOfTwin(twin);
      chain.putTwin({ id: twin, account: `0x${Buffer.from(account).toString('hex')}`, relay, pk: null });
      chain.makeBlocks(1);
    },
    connect: async (relay, twin) => owned.use(await connectAs(relay.wsUrl, twin, await identityOfTwin(twin))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Resolves when a relay's watcher has dealt with so many more blocks. */
export async function follows(relay: LocalRelay, blocks: number): Promise<void> {
  const { block = 0 } = await relay.watcherStatus();
  await until('more blocks at the watcher', async () => ((await relay.watcherStatus()).block ?? 0) >= block + blocks);
}

/** Resolves when a twin's record in a relay's cache holds a text. */
export async function cachesText(relay: LocalRelay, twin: number, text: string): Promise<void> {
  await until(`${text} in the record of twin ${twin}`, async () => (await relay.cached(twinKey(twin)))?.includes(text));
}
