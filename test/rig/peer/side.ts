import type { Network } from '../chain/network.ts';
import { openProgram, type Program } from '../redis/program.ts';
import { startRedis } from '../redis/redis.ts';
import type { RedisRig } from '../redis/shared-redis.ts';
import { type FaultProxy, startProxy } from '../relay/proxy.ts';
import { type PeerRig, startPeerRig } from './peer.ts';

/** A peer between its Redis and its relay, with a proxy before each. */
export interface Side extends AsyncDisposable {
  readonly redis: RedisRig;
  /** The proxy between the peer and its Redis. */
  readonly database: FaultProxy;
  /** The proxy between the peer and its relay. */
  readonly relay: FaultProxy;
  readonly peer: PeerRig;
  readonly program: Program;
}

/** Starts one. */
export async function startSide(network: Network, twin: number): Promise<Side> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const database = stack.use(await proxyBefore(redis.url));
  const relay = stack.use(await proxyBefore(network.relay.httpUrl));
  const program = stack.use(await openProgram(redis.url));
  const relays = [`ws://localhost:${relay.port}`];
  const options = { redis: urlThrough(redis.url, database), relays, update: false };
  const peer = stack.use(await startPeerRig(network, twin, options));
  const owned = stack.move();
  return { redis, database, relay, peer, program, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Starts a proxy before the server of a URL. */
export function proxyBefore(url: string): Promise<FaultProxy> {
  const { port, hostname } = new URL(url);
  return startProxy({ port: Number(port), host: hostname });
}

/** Returns a URL with the port of a proxy. */
export function urlThrough(url: string, { port }: FaultProxy): string {
  const through = new URL(url);
  through.port = String(port);
  return through.href;
}

/** Returns whether a chunk holds all of these words. */
export function holds(...words: readonly string[]): (chunk: Buffer) => boolean {
  return (chunk) => words.every((word) => chunk.includes(word));
}

/** Whether a chunk to or from a relay is a message: pings of a WebSocket have a few bytes. */
export const isFrame = (chunk: Buffer): boolean => chunk.length > 100;
