import { type RedisServer, startRedisServer } from '../../../test/rig/redis/redis.ts';
import { type KillableRelay, startKillableRelay } from '../../../test/rig/relay/killable-relay.ts';
import { startDevChain } from '../../dev-chain/dev-chain.ts';
import { devEntries } from '../../dev-chain/ledger/twin-entry.ts';
import { freePort } from '../../local-relay/port.ts';
import { type KillablePeer, startKillablePeer } from './killable-peer.ts';
import { startWeather, type Weather } from './weather.ts';

const CALLER_TWIN = 1;
const SERVICE_TWIN = 2;
const BLOCK_MS = 1000;
/** One way between a peer and its relay; without it, a cut would find nothing on its way. */
const LINK_MS = 10;

/** A peer, the Redis beside it, and its links to the relays. */
export interface Side extends AsyncDisposable {
  readonly twin: number;
  readonly redis: RedisServer;
  readonly peer: KillablePeer;
  /** One for each relay, in the order of the world's relays. */
  readonly links: readonly Weather[];
}

/** Everything between a caller and a service, in processes that can be killed, frozen and restarted. */
export interface World extends AsyncDisposable {
  readonly relays: readonly KillableRelay[];
  readonly caller: Side;
  readonly service: Side;
  readonly sides: readonly [Side, Side];
}

/** How a world is started. */
export interface WorldOptions {
  /** The number of relays; both twins have all of them on chain, and their peers connect to all. */
  readonly relays: number;
  /** Whether each Redis writes to its disk before it answers. */
  readonly isDurable: boolean;
}

/** Starts one; resolves when both peers are ready. */
export async function startWorld({ relays: count, isDurable }: WorldOptions): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.use(await startDevChain({ blockTimeMs: BLOCK_MS }));
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  const home = ports.map((port) => `localhost:${port}`).join('_');
  for (const entry of await devEntries()) chain.putTwin({ ...entry, relay: home });
  // A token names the host that its twin dials, which is a link.
  const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http', RELAY_ALIASES: 'localhost' };
  const relays = await Promise.all(ports.map(async (port) => stack.use(await startKillableRelay({ settings, port }))));

  const startSide = async (twin: number): Promise<Side> => {
    await using owned = new AsyncDisposableStack();
    const redis = owned.use(await startRedisServer({ isDurable }));
    const links: Weather[] = [];
    for (const port of ports) links.push(owned.use(await startWeather(port, LINK_MS)));
    const urls = links.map(({ port }) => `ws://localhost:${port}`);
    const place = { twin, redisUrl: redis.url, chainUrl: chain.wsUrl, relays: urls };
    const peer = owned.use(startKillablePeer(place));
    await peer.ready();
    const all = owned.move();
    return { twin, redis, peer, links, [Symbol.asyncDispose]: () => all.disposeAsync() };
  };
  const caller = stack.use(await startSide(CALLER_TWIN));
  const service = stack.use(await startSide(SERVICE_TWIN));
  const owned = stack.move();
  return { relays, caller, service, sides: [caller, service], [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
