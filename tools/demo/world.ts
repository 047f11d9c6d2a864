import { startRedis } from '../../test/rig/redis/redis.ts';
import { startKillableRelay } from '../../test/rig/relay/killable-relay.ts';
import { until } from '../../test/rig/until.ts';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../dev-chain/ledger/dev-twins.ts';
import { devEntries } from '../dev-chain/ledger/twin-entry.ts';
import { startRelay } from '../local-relay/relay.ts';
import { openRedis, type Redis } from './bus.ts';
import { type Running, start } from './processes.ts';

const BLOCK_MS = 500;
const CALLER_TWIN = 1;
const SECRET_TWIN = 2;
const OPEN_TWIN = 4;

/** A twin of the demo: its peer, and the Redis beside it. */
export interface Party {
  readonly twin: number;
  readonly redis: Redis;
  readonly redisUrl: string;
  readonly peer: Running;
  /** Whether its key is on chain, so that requests to it are encrypted. */
  readonly isEncrypted: boolean;
  /** Opens another connection to its Redis. */
  connect(): Promise<Redis>;
}

/** A whole network of RMB on this machine. */
export interface World {
  readonly chainUrl: string;
  readonly relayUrl: string;
  readonly caller: Party;
  /** A twin with its key on chain: its requests are encrypted. */
  readonly secret: Party;
  /** A twin without a key on chain: its requests are plain. */
  readonly open: Party;
  readonly parties: readonly Party[];
  /** Kills the relay, and starts it again on its storage. Absent when the relay runs in this process. */
  readonly killRelay?: () => Promise<void>;
}

/**
 * Starts a chain, a relay and three peers, each with its own Redis. `stack` stops them in reverse order.
 * @param isKillable whether the relay has a process and storage of its own
 */
export async function startWorld(
  stack: AsyncDisposableStack,
  say: (line: string) => void,
  isKillable = false,
): Promise<World> {
  const chain = stack.use(await startDevChain({ blockTimeMs: BLOCK_MS }));
  say(`chain   ${chain.wsUrl}  development twins 1 to ${DEV_TWINS.length}, a block every ${BLOCK_MS} ms`);
  const settings = { SUBSTRATE_URLS: chain.wsUrl };
  const killable = isKillable ? stack.use(await startKillableRelay({ settings })) : undefined;
  const relay = killable ?? stack.use(await startRelay({ settings }));
  say(`relay   ${relay.wsUrl}  the Worker of wrangler.toml, on workerd`);
  const urls = { chain: chain.wsUrl, relay: relay.wsUrl };
  const entries = await devEntries();
  for (const entry of entries)
    if (entry.id === OPEN_TWIN) chain.putTwin({ ...entry, relay: new URL(relay.wsUrl).host, pk: null });
  const caller = await startParty(stack, say, urls, CALLER_TWIN, true);
  const secret = await startParty(stack, say, urls, SECRET_TWIN, true);
  const open = await startParty(stack, say, urls, OPEN_TWIN, false);
  // Until the relay has read these blocks, it knows twins without a relay: it delivers to their sessions, but has no
  // mailbox for one that is away, for example after a kill.
  const { head } = chain;
  await until(`the relay to read block ${head}`, async () => (await lastBlockOf(relay.httpUrl)) >= head);
  const world = { chainUrl: chain.wsUrl, relayUrl: relay.wsUrl, caller, secret, open, parties: [caller, secret, open] };
  return killable === undefined ? world : { ...world, killRelay: killable.restart };
}

/** Returns the last block that a relay has processed; -1 when it has none. */
async function lastBlockOf(httpUrl: string): Promise<number> {
  const metrics = await (await fetch(`${httpUrl}/metrics`)).text();
  return Number(/^events_listener_last_processed_block_number (\d+)$/m.exec(metrics)?.[1] ?? -1);
}

/** Starts a peer as a user does, in a process of its own. @param hasKey whether it writes its key on chain */
async function startParty(
  stack: AsyncDisposableStack,
  say: (line: string) => void,
  urls: { chain: string; relay: string },
  twin: number,
  hasKey: boolean,
): Promise<Party> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`there is no development twin ${twin}`);
  const server = stack.use(await startRedis());
  const flags = ['--mnemonic', dev.secret, '--key-type', dev.keyType, '--redis', server.url];
  const args = [...flags, '--substrate', urls.chain, '--relay', urls.relay, ...(hasKey ? [] : ['--no-update'])];
  const peer = stack.use(await start(`peer of twin ${twin}`, 'local-peer/main.ts', args));
  say(`peer    twin ${twin}, pid ${peer.pid}, ${server.url}  ${hasKey ? 'its key is on chain' : 'no key on chain'}`);
  const connect = async () => stack.adopt(await openRedis(server.url), (client) => client.destroy());
  return { twin, redis: await connect(), redisUrl: server.url, peer, isEncrypted: hasKey, connect };
}
