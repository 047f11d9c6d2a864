import { identityOf, type KeyType } from '../../../proto/identity.ts';
import { launchProgram } from '../../../test/rig/process.ts';
import { startRedis } from '../../../test/rig/redis/redis.ts';
import type { DevChain } from '../../dev-chain/dev-chain.ts';
import { startEcho } from './peer-load.ts';

/** A program that accepts rmb-peer's flags, and its arguments before them. */
export type PeerProgram = readonly [file: string, ...flags: string[]];

/** Two measured peers of two twins: programs ask through one, a service replies behind the other. */
export interface Pair {
  readonly pids: readonly number[];
  /** Redis of the programs. */
  readonly redis: string;
  /** The twin of the service. */
  readonly callee: number;
}

/** Addresses for the peers of a pair. */
export interface Place {
  readonly chain: DevChain;
  /** ws://host:port */
  readonly relay: string;
}

/**
 * Starts a peer of a new twin with its key on chain. Requests before it is connected stay in its Redis. Resolves with
 * its pid and its Redis.
 */
async function startPeer(
  [file, ...before]: PeerProgram,
  twin: number,
  keyType: KeyType,
  { chain, relay }: Place,
  stack: AsyncDisposableStack,
): Promise<{ pid: number; redis: string }> {
  const secret = `0x${String(twin).repeat(32)}`;
  const identity = await identityOf(secret, keyType);
  if (!identity.ok) throw new Error(identity.error.detail);
  const { account, e2ePublicKey } = identity.value;
  chain.putTwin({ id: twin, account: hex(account), relay: new URL(relay).host, pk: hex(e2ePublicKey) });
  const redis = stack.use(await startRedis());
  const flags = ['-m', secret, '-k', keyType, '-r', redis.url, '-s', chain.wsUrl, '--relay', relay, '--no-update'];
  const peer = await launchProgram(file, [...before, ...flags]);
  stack.defer(async () => void (await peer.stop('SIGTERM')));
  return { pid: peer.pid, redis: redis.url };
}

/** Starts both peers of a pair: twins `first` (10 to 98) and `first + 1`. */
export async function startPair(
  program: PeerProgram,
  first: number,
  keyType: KeyType,
  place: Place,
  stack: AsyncDisposableStack,
): Promise<Pair> {
  const caller = await startPeer(program, first, keyType, place, stack);
  const callee = await startPeer(program, first + 1, keyType, place, stack);
  stack.use(await startEcho(callee.redis));
  return { pids: [caller.pid, callee.pid], redis: caller.redis, callee: first + 1 };
}

function hex(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
