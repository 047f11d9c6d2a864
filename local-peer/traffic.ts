import type { Identity } from '../proto/identity.ts';
import type { Primitives } from '../proto/primitives.ts';
import { mintToken } from '../proto/token.ts';
import type { Admission } from './admission.ts';
import { Awaited } from './awaited.ts';
import type { Clock } from './clock.ts';
import { ClockSteps } from './clock-steps.ts';
import { Downstream } from './downstream.ts';
import type { Health } from './health.ts';
import type { Plugin } from './plugins/plugin.ts';
import type { Log } from './ports.ts';
import { Protocol } from './protocol.ts';
import { ClaimedQueue } from './redis/claimed-queue.ts';
import type { RedisConnection } from './redis/connection.ts';
import { Entries } from './redis/entries.ts';
import { Intake } from './redis/intake.ts';
import { RedisPrograms } from './redis/programs.ts';
import { QUEUES } from './redis/queues.ts';
import { RelayConnection } from './relays/connection.ts';
import { Relays } from './relays/relays.ts';
import { Replies } from './replies.ts';
import { Sending } from './sending.ts';
import { Serving } from './serving.ts';
import type { CountEvent } from './state.ts';
import type { Directory } from './twins/directory.ts';
import { isKeyOnChain } from './twins/own-key.ts';
import { Upstream } from './upstream.ts';

const TOKEN_SECONDS = 300;
/** At a stop, what waits for a relay has this long; then it stays in Redis for the next start. */
const DRAIN_MS = 4_000;
const SWEEP_MS = 1_000;
/** Requests whose marks lie in Redis at once, two of 130 bytes each. */
const MOST_REMEMBERED = { all: 500_000, each: 100_000 };

/** Who speaks, and through which relays. */
export interface Speaker {
  readonly twin: number;
  readonly identity: Identity;
  readonly relays: readonly URL[];
}

/** What traffic needs of the rest of the peer. */
export interface TrafficParts {
  readonly primitives: Primitives;
  readonly redis: RedisConnection;
  readonly twins: Directory;
  readonly clock: Clock;
  readonly health: Health;
  readonly plugins: readonly Plugin[];
  readonly admission: Admission;
  readonly log: Log;
  readonly count: CountEvent;
  /** Waits for `ms`; false, at once, when the peer stops. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** Entries and envelopes on their way, in both directions. */
export interface Traffic {
  /** Takes no more, ends what is in hand, and leaves the relays. */
  close(): Promise<void>;
}

/** Starts to carry: connects to the relays, and takes entries from Redis. */
export function startTraffic({ twin, identity, relays: urls }: Speaker, parts: TrafficParts): Traffic {
  const { primitives, redis, twins, clock, health, plugins, admission, log, count, pause } = parts;
  const fault = (what: string) => (error: unknown) => log.error({ error: String(error) }, what);
  const programs = new RedisPrograms(redis);
  const protocol = new Protocol({
    identity,
    twins,
    primitives,
    isKeyOnChain: () => isKeyOnChain(twins, twin, identity.e2ePublicKey),
  });
  const awaited = new Awaited(fault('failed to let go of a request'));
  const connections = urls.map(
    (url) =>
      new RelayConnection(url.href.replace(/\/+$/, ''), {
        token: () => mintToken({ twin, now: clock.secondsAt(url.host), ttl: TOKEN_SECONDS, aud: url.host }, identity),
        onDate: (date, askedAt) => clock.measure(url.host, date, askedAt),
        onState: (state) => {
          if (state.isUp) count('relay-connected', url.host);
          else if (health.state().relays.get(url.host)?.isUp) count('relay-lost', url.host);
          health.relay(url.host, state);
          if (state.isUp) relays.wake();
        },
        onTooLarge: (envelope, limit) =>
          void upstream.tooLarge(envelope, limit).catch(fault('failed to tell of a message that is too large')),
        onFrame: (frame) => downstream.receive(frame).catch(fault('failed to process a message')),
        log,
      }),
  );
  const relays = new Relays(connections);
  const sending = new Sending({ protocol, twins, uplink: relays });
  const upstream = new Upstream(twin, { sending, awaited, clock, plugins, log, count, pause });
  const own = { twin };
  const hasKey = async (id: number) => (await twins.get(id))?.key.kind !== 'absent';
  const remembered = MOST_REMEMBERED;
  const givers = { protocol, programs, upstream, clock, plugins };
  const serving = new Serving(own, { ...givers, admission, hasKey, remembered, log, count });
  const entries = new Entries({ upstream, log, count });
  const claims = (queue: string) => new ClaimedQueue(redis, queue, { log, count });
  const requests = new Intake(claims(QUEUES.requests), (held) => entries.request(held), log);
  const responses = new Intake(claims(QUEUES.responses), (held) => entries.response(held), log);
  const intakes = [requests, responses];
  const { resumed } = requests;
  const replies = new Replies({ own, protocol, programs, awaited, resumed, clock, log, count });
  const downstream = new Downstream({ serving, replies, log, count });
  for (const { host } of urls) health.relay(host, { isUp: false, detail: 'connecting' });
  for (const connection of connections) connection.open();
  const running = Promise.all(intakes.map((intake) => intake.run()));
  const sweeping = setInterval(() => awaited.sweep(performance.now()), SWEEP_MS);
  const steps = new ClockSteps(
    Date.now,
    () => performance.now(),
    (ms) => {
      log.warn({ seconds: Math.round(ms / 1000) }, 'this machine’s clock was set: relays are asked for theirs again');
      clock.forget();
      for (const connection of connections) connection.again();
    },
  );
  steps.start();
  return {
    async close() {
      steps.stop();
      for (const intake of intakes) intake.stop();
      const patience = setTimeout(() => relays.close(), DRAIN_MS);
      await running;
      // What was read from a relay is with us alone: it is dealt with, and answered, before the sockets go.
      await Promise.all(connections.map((connection) => connection.finish()));
      clearTimeout(patience);
      // What still comes while the sockets go finds no relay to be answered through: it must not wait for one.
      relays.close();
      const partings = await Promise.all(connections.map((connection) => connection.close()));
      clearInterval(sweeping);
      // A relay that took its leave has all that it was sent: after the next start nothing of that goes out again.
      const clean = partings.filter((isClean) => isClean !== undefined);
      if (clean.length > 0 && clean.every(Boolean)) await awaited.leave();
    },
  };
}
