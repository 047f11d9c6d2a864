import { sendSignal } from '../../client/asking/signals.ts';
import { openBus } from '../../client/bus.ts';
import type { Directory } from '../../client/directory/directory.ts';
import { commandsPlugin } from '../../client/discovery/commands-plugin.ts';
import type { Log } from '../../client/ports.ts';
import type { Admission } from '../../client/serving/admission.ts';
import type { Plugin } from '../../client/serving/plugin.ts';
import type { Clock } from '../../client/session/clock.ts';
import { dialNode } from '../../client/session/node-socket.ts';
import type { Primitives } from '../../proto/crypto/primitives.ts';
import type { Identity } from '../../proto/identity.ts';
import type { Signal } from '../../proto/stream/signal.ts';
import { Awaited } from '../bridge/awaited.ts';
import { Receipts } from '../bridge/custody/receipts.ts';
import type { CountEvent } from '../bridge/events.ts';
import type { RequestStatus } from '../bridge/request-status.ts';
import { Requests } from '../bridge/requests.ts';
import { Responses } from '../bridge/responses.ts';
import { StreamCredits } from '../bridge/stream-credits.ts';
import { ClaimedQueue } from '../redis/claim/claimed-queue.ts';
import { Intake } from '../redis/claim/intake.ts';
import type { RedisConnection } from '../redis/connection/connection.ts';
import { Entries } from '../redis/entries.ts';
import { RedisPrograms } from '../redis/programs.ts';
import { QUEUES } from '../redis/queues.ts';
import { registeredCommands } from '../redis/registered-commands.ts';
import { cancelPlugin } from '../status/cancel-plugin.ts';
import { statusPlugin } from '../status/status-plugin.ts';
import { Statuses } from '../status/statuses.ts';
import { drain } from './drain.ts';
import type { Health } from './health.ts';

const SWEEP_MS = 1_000;
/** Requests with marks in Redis at once, two marks of 130 bytes each. */
const MOST_REMEMBERED = { all: 500_000, each: 100_000 };

/** A twin and its relays. */
export interface Speaker {
  readonly twin: number;
  readonly identity: Identity;
  readonly relays: readonly URL[];
}

/** Parts of the peer that traffic needs. */
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
  /** Waits for `ms`. Returns false, at once, when the peer stops. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** Carries entries and envelopes in both directions. */
export interface Traffic {
  /** Claims no more, finishes entries in progress, and leaves the relays. */
  close(): Promise<void>;
}

/** Connects to the relays, and starts to claim entries from Redis. */
export function startTraffic({ twin, identity, relays }: Speaker, parts: TrafficParts): Traffic {
  const { primitives, redis, twins, clock, health, plugins, admission, log, count, pause } = parts;
  const programs = new RedisPrograms(redis);
  const onFault = (error: unknown) => log.error({ error: String(error) }, 'failed to let go of an entry');
  const awaited = new Awaited(onFault);
  const receipts = new Receipts(onFault);
  const statuses = new Statuses((name, text, seconds) => programs.saveStatus(name, text, seconds));
  const sources = {
    find: (name: string) => statuses.find(name),
    findQuestion: (uid: string) => programs.findQuestion(uid),
  };
  const claims = (queue: string) => new ClaimedQueue(redis, queue, { log, count });
  const requestIntake = new Intake(claims(QUEUES.requests), (held) => user.entries.request(held), log);
  const responseIntake = new Intake(claims(QUEUES.responses), (held) => user.entries.response(held), log);
  const intakes = [requestIntake, responseIntake];
  const { resumed } = requestIntake;
  for (const { host } of relays) health.relay(host, { isUp: false, detail: 'connecting' });
  const core = { own: { twin }, identity, primitives, twins, clock, relays, dial: dialNode, log, count };
  const onRelay: Health['relay'] = (relay, state) => health.relay(relay, state);
  const { session, user } = openBus({ ...core, onRelay }, ({ sending, replying, isOurs }) => {
    const signal = (to: number, seconds: number, each: Signal) =>
      void sendSignal({ own: { twin }, sending, clock }, { to: { twin: to }, seconds }, each);
    const credits = new StreamCredits({ pause, onFault, waiting: (queue) => programs.waiting(queue), signal });
    const cancel = (status: RequestStatus) => requests.cancel(status);
    const status = statusPlugin(sources, plugins);
    const requests: Requests = new Requests(twin, {
      sending,
      awaited,
      receipts,
      following: statuses,
      programs,
      credits,
      signal,
      isOurs: (to) => isOurs({ twin: to }),
      resumed,
      clock,
      plugins: [cancelPlugin({ find: sources.find, cancel }, status), ...plugins],
      log,
      count,
      pause,
    });
    const responses = new Responses(twin, { replying, receipts, clock, log, count, pause });
    const entries = new Entries({ requests, responses, log, count });
    const listing = commandsPlugin({ list: () => registeredCommands(redis), admission }, plugins);
    const answering = { plugins: [listing, ...plugins], admission, remembered: MOST_REMEMBERED };
    const served = { claims: programs, seen: programs, ...answering };
    return { served, askers: requests, entries };
  });
  const running = Promise.all(intakes.map((intake) => intake.run()));
  const sweeping = setInterval(() => awaited.sweep(performance.now()), SWEEP_MS);
  const finishEntries = async () => {
    for (const intake of intakes) intake.stop();
    await running;
  };
  return {
    async close() {
      const leaveAwaited = (isClean: boolean) => awaited.leave(isClean);
      const drained = drain({ finishEntries, receipts: () => receipts.done(), session, leaveAwaited });
      await drained.finally(() => clearInterval(sweeping));
    },
  };
}
