import { identityOf } from '../proto/identity.ts';
import { miniSecret } from '../proto/seed.ts';
import type { Twin } from '../proto/twin.ts';
import { Clock, tellSkew } from './clock.ts';
import type { PeerConfig } from './config.ts';
import { nodePrimitives } from './crypto/node-primitives.ts';
import { Health } from './health.ts';
import type { Plugin } from './plugins/plugin.ts';
import { versionPlugin } from './plugins/version.ts';
import type { Log } from './ports.ts';
import { RedisConnection } from './redis/connection.ts';
import { RedisTwinMemory } from './redis/twin-memory.ts';
import type { CountEvent, PeerState } from './state.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { ChainConnection } from './twins/chain.ts';
import { Directory } from './twins/directory.ts';
import { knownTwin } from './twins/judge-key.ts';
import { haveSameKeys, reportKeyChange } from './twins/key-change.ts';
import { confirmOwnTwin, findOwnTwin } from './twins/own-twin.ts';
import { OwnWatch } from './twins/own-watch.ts';
import { register } from './twins/registrar.ts';
import { endsWithin, pauseUntil } from './waiting.ts';

/** At a stop, all that is in hand has this long; systemd and Docker wait a little longer. */
const STOP_MS = 10_000;

/** A running peer. */
export interface Peer extends AsyncDisposable {
  state(): PeerState;
  /** Calls back after each change of the state; ends with the function it returns. */
  onChange(listener: () => void): () => void;
  /** Resolves the first time that Redis and one relay are up. Rejects when the Redis is one that no peer can use. */
  readonly ready: Promise<void>;
  /** Stops taking entries, ends what is under way, and leaves; within 10 s. */
  close(): Promise<void>;
}

/**
 * Starts a peer. Whatever Redis, chain and relays do, it starts, says how they are, and works as soon as it can.
 * @throws when the secret is bad: no waiting mends that
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
      changed: (before, after, opinion) => reportKeyChange({ log, count }, [before, after], opinion),
    },
  );
  let own: OwnWatch | undefined;
  const chain: ChainConnection = new ChainConnection(config.substrate, {
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
      register: config.update ? () => register(registration, { chain, log, onTwin: written, pause }) : undefined,
      keepOnChain: config.keepOnChain,
      now: () => performance.now(),
      pause,
    });
    own = watch;
    const behind = [watch.start()];
    if (isRemembered) behind.push(confirmOwnTwin(account, twin, { chain, memory, log, pause }));
    await Promise.all(behind);
  };
  // Nobody waits for it, at a stop neither: what it still does behind the scenes ends with the chain's connection.
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
