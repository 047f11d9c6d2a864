import { nodePrimitives } from '../../client/crypto/node-primitives.ts';
import { ChainConnection } from '../../client/directory/chain.ts';
import { Directory } from '../../client/directory/directory.ts';
import { knownTwin } from '../../client/directory/judge-key.ts';
import { haveSameKeys, reportKeyChange } from '../../client/directory/key-change.ts';
import type { Log } from '../../client/ports.ts';
import type { Plugin } from '../../client/serving/plugin.ts';
import { Clock, tellSkew } from '../../client/session/clock.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import { endsWithin, pauseUntil } from '../../client/session/waiting.ts';
import { miniSecret } from '../../proto/crypto/seed.ts';
import { identityOf } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';
import type { CountEvent } from '../bridge/events.ts';
import { openTwinWriter } from '../chain-writer/chain-writer.ts';
import { confirmOwnTwin, findOwnTwin } from '../chain-writer/own-twin.ts';
import { OwnWatch } from '../chain-writer/own-watch.ts';
import { register } from '../chain-writer/registrar.ts';
import type { PeerConfig } from '../config/config.ts';
import { versionPlugin } from '../plugin.ts';
import { RedisConnection } from '../redis/connection/connection.ts';
import { RedisTwinMemory } from '../redis/twin-memory.ts';
import { Health } from './health.ts';
import type { PeerState } from './state.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** Limit of a stop, ms; systemd and Docker wait a little longer. */
const STOP_MS = 10_000;

/** A running peer. */
export interface Peer extends AsyncDisposable {
  state(): PeerState;
  /** Calls back after each change of the state. Returns a function that ends this. */
  onChange(listener: () => void): () => void;
  /** Resolves the first time that Redis and one relay are up. Rejects when this Redis can never be used. */
  readonly ready: Promise<void>;
  /** Stops claiming entries, finishes those in progress, and leaves the relays; within 10 s. */
  close(): Promise<void>;
}

/**
 * Starts a peer. It starts without Redis, chain and relays, too, reports their states, and works as soon as they do.
 * @throws when the secret is invalid
 */
export async function startPeer(
  config: PeerConfig,
  log: Log,
  count: CountEvent,
  plugins: readonly Plugin[] = [versionPlugin],
): Promise<Peer> {
  const primitives = nodePrimitives();
  const identity = await identityOf(config.secret, config.keyType, primitives);
  const seed = miniSecret(config.secret);
  if (!identity.ok) throw new Error(`--mnemonic: ${identity.error.detail}`);
  if (!seed.ok) throw new Error(`--mnemonic: ${seed.error.detail}`);
  const { account, e2ePublicKey: pk } = identity.value;
  const urls = config.relays.map((relay) => new URL(relay));
  const clock = new Clock(Date.now, (skew, verdict, relay) =>
    tellSkew(log, { relay, seconds: Math.round(skew) }, verdict),
  );
  const health = new Health(
    urls.map(({ host }) => host),
    () => clock.skew,
  );
  const redis = new RedisConnection(
    config.redis,
    log,
    (state) => health.redis(state),
    (reason) => health.unusable(`--redis: ${reason}`),
  );
  const memory = new RedisTwinMemory(redis, config.substrate);
  const twins = new Directory(
    (id) => chain.twin(id),
    memory,
    () => performance.now(),
    {
      hasSecond: config.substrate.length > 1,
      confirm: async (twin) => {
        const second = await chain.secondOpinion(twin.id);
        if (second === undefined) return 'unanswered';
        return second.twin !== undefined && haveSameKeys(twin, knownTwin(second.twin)) ? 'same' : 'other';
      },
      changed: (before, after, opinion) =>
        reportKeyChange({ log, count: (kind) => count('twin-key-changed', kind) }, [before, after], opinion),
    },
  );
  let own: OwnWatch | undefined;
  const chain: ChainConnection = new ChainConnection(config.substrate, {
    dial: dialNode,
    onState: (state) => health.chain(state),
    onTwin: (twin) => {
      twins.put(twin);
      own?.seen(twin);
    },
    onGap: () => {
      twins.doubt();
      own?.look();
    },
    onTime: (ms) => clock.measureChain(ms),
    log,
  });

  const stop = new AbortController();
  const pause = pauseUntil(stop.signal);
  const writer = openTwinWriter(() => chain.node(), stop.signal);
  let traffic: Traffic | undefined;
  const begin = async () => {
    const found = await findOwnTwin(account, { chain, memory, log, pause });
    if (found === undefined || health.state().isStopping) return;
    const { id: twin, isRemembered } = found;
    log.info({ twin, remembered: isRemembered }, 'own twin is known');
    health.twin(twin);
    traffic = startTraffic(
      { twin, identity: identity.value, relays: urls },
      { primitives, redis, twins, clock, health, plugins, admission: config.admission, log, count, pause },
    );
    const key = { seed: seed.value, keyType: config.keyType };
    const registration = { twin, account, key, pk, relays: urls, keepRelays: config.keepRelays };
    const put = (record: Twin) => void twins.put(record);
    const written = (record: Twin) => {
      put(record);
      watch.seen(record);
    };
    const watch = new OwnWatch(twin, registration, {
      chain,
      log,
      onState: (state) => health.onChain(state),
      onTwin: put,
      register: config.update
        ? () =>
            register(registration, { chain: { twin: (id) => chain.twin(id), ...writer }, log, onTwin: written, pause })
        : undefined,
      keepOnChain: config.keepOnChain,
      now: () => performance.now(),
      pause,
    });
    own = watch;
    const behind = [watch.start()];
    if (isRemembered) behind.push(confirmOwnTwin(account, twin, { chain, memory, log, pause }));
    await Promise.all(behind);
  };
  // Nobody awaits this, not even a stop: it ends with the chain's connection.
  begin().catch((error: unknown) => log.error({ error: String(error) }, 'failed to start'));

  const leave = async () => {
    health.stopping();
    stop.abort();
    await traffic?.close();
  };
  const end = async () => {
    try {
      const isDone = await endsWithin(STOP_MS, leave());
      if (!isDone) log.warn({}, `stopping: not everything was done within ${STOP_MS / 1000} s`);
    } finally {
      redis.close();
      chain.close();
    }
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= end();
    return closing;
  };
  return {
    state: () => health.state(),
    onChange: (listener) => health.onChange(listener),
    ready: health.ready,
    close,
    [Symbol.asyncDispose]: close,
  };
}
