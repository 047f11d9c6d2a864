import { identityOf } from '../proto/identity.ts';
import { miniSecret } from '../proto/seed.ts';
import { mintToken } from '../proto/token.ts';
import type { PeerConfig } from './config.ts';
import { Downstream } from './downstream.ts';
import type { Log } from './ports.ts';
import { Protocol } from './protocol.ts';
import { connectRedis } from './redis/connection.ts';
import { Intake } from './redis/intake.ts';
import { RedisPrograms } from './redis/programs.ts';
import { RelayConnection } from './relays/connection.ts';
import { Relays } from './relays/relays.ts';
import type { CountEvent, PeerState } from './state.ts';
import { type Chain, connectChain } from './twins/chain.ts';
import { Directory } from './twins/directory.ts';
import { differs, profileFor } from './twins/registration.ts';
import { Upstream } from './upstream.ts';

const TOKEN_SECONDS = 300;
/** At a stop, what waits for a relay has this long; then its programs are told. */
const DRAIN_MS = 5_000;

/** A running peer. */
export interface Peer extends AsyncDisposable {
  state(): PeerState;
  /** Calls back when the state has changed; the answer ends that. */
  onChange(listener: () => void): () => void;
  /** Resolves when Redis and a relay are up for the first time. */
  readonly ready: Promise<void>;
  /** Stops taking entries, ends what is under way, and leaves. */
  close(): Promise<void>;
}

/**
 * Starts a peer: keys, own twin, its profile on chain, Redis, relays.
 * @throws with what to do when the secret is bad, the account has no twin, or Redis or the chain do not answer
 */
export async function startPeer(config: PeerConfig, log: Log, count: CountEvent): Promise<Peer> {
  const identity = await identityOf(config.secret, config.keyType);
  if (!identity.ok) throw new Error(`--mnemonic: ${identity.error.detail}`);
  await using stack = new AsyncDisposableStack();
  const redis = stack.adopt(await connectRedis(config.redis, log), (each) => each.close());
  const chain = stack.adopt(await connectChain(config.substrate), (each) => each.close());
  const twin = await chain.twinIdOf(identity.value.account);
  if (twin === undefined) {
    throw new Error(`no twin on chain for this ${config.keyType} key: create one first, or choose another --key-type`);
  }
  const pk = identity.value.e2ePublicKey;
  if (config.update) await register(config, chain, twin, pk, log);
  const isKeyOnChain = Buffer.compare((await chain.twin(twin))?.pk ?? new Uint8Array(0), pk) === 0;
  if (!isKeyOnChain) log.warn({ twin }, 'our key is not on chain: what we send travels signed, but not encrypted');

  const twins = new Directory((id) => chain.twin(id), Date.now);
  const programs = new RedisPrograms(redis);
  const protocol = new Protocol(identity.value, twins, isKeyOnChain);
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const token = () => mintToken({ twin, now: Math.floor(Date.now() / 1000), ttl: TOKEN_SECONDS }, identity.value);
  const listeners = new Set<() => void>();
  const onOpen = () => {
    relays.wake();
    count('relay-connected');
    onReady();
    for (const listener of listeners) listener();
  };
  const onFrame = (frame: Uint8Array) =>
    downstream
      .receive(frame)
      .catch((error: unknown) => log.error({ error: String(error) }, 'failed to process a message'));
  const connections = config.relays.map(
    (url) => new RelayConnection(url.replace(/\/+$/, ''), { token, onOpen, onFrame, log }),
  );
  const relays = new Relays(connections);
  const upstream = new Upstream(twin, { protocol, twins, programs, uplink: relays, log });
  const downstream = new Downstream(twin, { protocol, programs, upstream, log });
  const intake = new Intake({ source: redis, upstream, programs, log });
  for (const connection of connections) {
    connection.open();
    stack.defer(() => connection.close());
  }
  const running = intake.run();
  stack.defer(async () => {
    intake.stop();
    const patience = setTimeout(() => relays.close(), DRAIN_MS);
    await running;
    clearTimeout(patience);
  });
  const owned = stack.move();
  let isStopping = false;
  const close = () => {
    isStopping = true;
    for (const listener of listeners) listener();
    return owned.disposeAsync();
  };
  const part = (isUp: boolean) => ({ isUp, detail: isUp ? '' : 'not connected' });
  const state = () => ({
    twin,
    redis: part(redis.isUp),
    chain: part(true),
    relays: new Map(config.relays.map((url, place) => [new URL(url).host, part(connections[place]?.isOpen ?? false)])),
    clockSkew: undefined,
    isStopping,
  });
  const onChange = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { state, onChange, ready, close, [Symbol.asyncDispose]: close };
}

/** Tells the chain where this twin is found and with which key, when it says otherwise. */
async function register(config: PeerConfig, chain: Chain, twin: number, pk: Uint8Array, log: Log): Promise<void> {
  const known = await chain.twin(twin);
  const profile = profileFor(
    config.relays.map((relay) => new URL(relay)),
    pk,
  );
  if (known === undefined || !differs(known, profile)) return;
  const seed = await miniSecret(config.secret);
  if (!seed.ok) throw new Error(`--mnemonic: ${seed.error.detail}`);
  log.info({ twin, relay: profile.relay }, 'chain: updating our twin');
  try {
    await chain.updateTwin({ seed: seed.value, keyType: config.keyType }, profile.relay, profile.pk);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `twin ${twin} could not be updated on chain: ${why} (with --no-update the peer leaves it as it is)`,
    );
  }
}
