import { MOST_BATCH_ENVELOPES } from '../../../../proto/batch/relay-batch.ts';
import type { Reason } from '../../../../proto/reasons.ts';
import type { Host } from '../../../host.ts';
import type { RoutedEnvelope } from '../../send/routed-envelope.ts';
import { type Attempted, drain } from './drain.ts';
import type { FederationQueue } from './federation-queue.ts';
import { Lane } from './lane.ts';
import { type HeldEnvelope, type InFlight, OpenEnvelopes } from './open-envelopes.ts';
import { afterArrival, afterAttempt, atEnd, atStart, isDead, RETRY_MS } from './retry-pace.ts';

/** The port of the scheduler to its object. */
export interface SchedulerPort {
  readonly host: Host;
  /** Returns a number from 0 to 1. */
  random(): number;
  /**
   * Attempts to deliver an envelope once. A retry asks this relay first, because the twin may have connected here.
   * @param inFlight where the attempt marks its request
   */
  attempt(envelope: RoutedEnvelope, isRetry: boolean, inFlight: InFlight): Promise<Attempted>;
  /** Sends an error to the sender of an envelope. The call stores before it returns. */
  report(envelope: RoutedEnvelope, reason: Reason): void;
  /** Has `tick` called at `at` (Unix ms) or earlier, even if the object dies before. */
  wakeAt(at: number): Promise<void>;
}

/** Envelopes of one lane in flight at once, while its relay takes batches: two of them. */
const WIDE = 2 * MOST_BATCH_ENVELOPES;
/** Settled envelopes of a record that share one write of its progress, while its relay takes batches. */
const SETTLED_A_WRITE = 64;
/** Twins that are remembered because their relay takes batches. */
const MOST_TWINS = 1024;
/** An expired envelope whose request is in flight is looked at again after this. */
const TICK_LEAST_MS = 1_000;

/**
 * Sends the federation queue: at once, and again until the envelopes expire. Each destination twin has a lane of its
 * own, so that a dead relay or a full mailbox delays no other twin.
 */
export class FederationScheduler {
  readonly #queue: FederationQueue;
  readonly #port: SchedulerPort;
  readonly #open: OpenEnvelopes;
  #lanes: Map<number, Lane> | undefined;
  /** Twins whose relay took batches when it was last asked. */
  readonly #batched = new Set<number>();
  /** Records whose progress is looked at once this turn of the event loop is over. */
  readonly #progressed = new Map<number, Lane>();

  constructor(queue: FederationQueue, port: SchedulerPort) {
    this.#queue = queue;
    this.#port = port;
    this.#open = new OpenEnvelopes(
      queue,
      () => port.host.now(),
      (envelope, reason) => port.report(envelope, reason),
    );
  }

  /** Returns whether envelopes for a twin wait. */
  isBusy(twin: number): boolean {
    return this.#load().has(twin);
  }

  /**
   * Stores envelopes for a twin and starts to send them. Returns those that found no room.
   * @param isOrdered whether they keep their order, one after the other
   */
  async accept(
    twin: number,
    envelopes: readonly RoutedEnvelope[],
    isOrdered = false,
  ): Promise<readonly RoutedEnvelope[]> {
    const { full, armed } = this.#take(twin, envelopes, isOrdered);
    await armed;
    return full;
  }

  /**
   * Stores envelopes for a twin in this turn of the event loop, all of them or none. They keep their order.
   * @returns undefined if there is no room for all
   */
  adopt(twin: number, envelopes: readonly RoutedEnvelope[]): Promise<void> | undefined {
    return this.#queue.fits(envelopes) ? this.#take(twin, envelopes, true).armed : undefined;
  }

  #take(twin: number, envelopes: readonly RoutedEnvelope[], isOrdered: boolean) {
    const lane = this.#laneOf(twin);
    // Only for a relay that takes batches: others do not know repeats, so a crash must repeat as few as it can.
    const into = lane.width === WIDE ? lane.growing : undefined;
    const { records, appendedAt, full } = this.#queue.add(twin, envelopes, into);
    if (appendedAt === undefined) lane.add(records);
    else lane.grew(appendedAt);
    lane.isOrdered = isOrdered;
    const now = this.#port.host.now();
    const expiry = Math.min(...envelopes.map(({ expiresAt }) => expiresAt * 1000));
    // Armed in the turn that stores: if the object dies, the alarm finds the records.
    const armed = this.#port.wakeAt(Math.min(now + RETRY_MS, expiry));
    if (isDead(lane.pace)) lane.pace = afterArrival(lane.pace, now);
    else if (lane.drains === 0) this.#begin(twin, lane, false);
    else this.#employ(twin, lane);
    return { full, armed };
  }

  /** Settles what expired, and retries every lane whose time has come. */
  async tick(): Promise<void> {
    const lanes = this.#load();
    const now = this.#port.host.now();
    this.#open.expire();
    let next = Number.POSITIVE_INFINITY;
    for (const [twin, lane] of lanes) {
      if (lane.drains === 0 && lane.pace.retryAt <= now) this.#begin(twin, lane, true);
      next = Math.min(next, lane.drains > 0 ? now + RETRY_MS : lane.pace.retryAt);
    }
    for (const { expires } of this.#queue.list()) next = Math.min(next, expires * 1000);
    if (next !== Number.POSITIVE_INFINITY) await this.#port.wakeAt(Math.max(next, now + TICK_LEAST_MS));
  }

  /** After waking, every stored record is retried at the next tick. */
  #load(): Map<number, Lane> {
    if (this.#lanes !== undefined) return this.#lanes;
    this.#lanes = new Map();
    for (const { id, twin } of this.#queue.list()) {
      const lane = this.#laneOf(twin);
      lane.restore(id);
      lane.pace = { ...lane.pace, retryAt: 0 };
    }
    return this.#lanes;
  }

  #laneOf(twin: number): Lane {
    const lanes = this.#load();
    const known = lanes.get(twin);
    if (known !== undefined) return known;
    const lane = new Lane(this.#queue, this.#open);
    lanes.set(twin, lane);
    return lane;
  }

  #begin(twin: number, lane: Lane, isRetry: boolean): void {
    lane.begin(isRetry);
    // A retry starts with two envelopes: the relay may be dead, or the twin may have connected here.
    if (!isRetry && !lane.isOrdered && this.#batched.has(twin)) lane.width = WIDE;
    lane.pace = atStart(lane.pace, isRetry, this.#port.host.now(), this.#port.random());
    if (lane.hasWork) this.#employ(twin, lane);
    else this.#port.host.background(this.#rest(twin, lane));
  }

  /** Starts drains while there is work for them. */
  #employ(twin: number, lane: Lane): void {
    const most = lane.isOrdered ? 1 : lane.width;
    for (let n = lane.drains; n < most && lane.hasWork; n += 1) {
      lane.drains += 1;
      this.#port.host.background(this.#drain(twin, lane));
    }
  }

  async #drain(twin: number, lane: Lane): Promise<void> {
    await drain(() => this.#next(lane), {
      attempt: (held) => this.#port.attempt(held.envelope, lane.wasTried(held.record), held),
      settled: (held, reason) => {
        lane.pace = afterAttempt(lane.pace, true);
        this.#settle(lane, held, reason);
        this.#widen(twin, lane, held);
      },
      expired: (held) => this.#settle(lane, held, 'expired'),
      failed: () => {
        lane.pace = afterAttempt(lane.pace, false);
      },
    });
    lane.drains -= 1;
    if (lane.drains === 0) await this.#rest(twin, lane);
  }

  #next(lane: Lane): HeldEnvelope | undefined {
    const isOver = isDead(lane.pace) || this.#port.host.now() >= lane.pace.retryAt;
    return isOver ? undefined : lane.take(() => this.#port.random());
  }

  /** Sends more envelopes at once as soon as the relay is known to take batches. */
  #widen(twin: number, lane: Lane, { takesBatch }: HeldEnvelope): void {
    // A lane that keeps its order may store here what the other relay does not take: a crash must repeat little of it.
    if (!takesBatch || lane.isOrdered) {
      this.#batched.delete(twin);
      return;
    }
    if (this.#batched.size >= MOST_TWINS) this.#batched.clear();
    this.#batched.add(twin);
    if (lane.width === WIDE) return;
    lane.width = WIDE;
    this.#employ(twin, lane);
  }

  /** An error is saved in the turn that sends it, so that no crash repeats it; so is the progress of an older record. */
  #settle(lane: Lane, held: HeldEnvelope, reason: Reason | undefined): void {
    // The answer to a batch settles many envelopes in one turn.
    const mayWait = lane.width === WIDE && reason === undefined;
    this.#open.settle(held, reason, mayWait);
    if (mayWait) this.#saveSoon(lane, held.record);
    else if (reason !== undefined || !lane.isNewest(held.record)) this.#queue.saveProgress(held.record);
  }

  #saveSoon(lane: Lane, record: number): void {
    if (this.#progressed.size === 0) this.#port.host.background(this.#saveAll());
    this.#progressed.set(record, lane);
  }

  async #saveAll(): Promise<void> {
    await this.#port.host.wait(0);
    for (const [record, lane] of this.#progressed) {
      if (!lane.isNewest(record) || this.#queue.unsaved(record) >= SETTLED_A_WRITE) this.#queue.saveProgress(record);
    }
    this.#progressed.clear();
  }

  async #rest(twin: number, lane: Lane): Promise<void> {
    if (!lane.end()) {
      this.#load().delete(twin);
      return;
    }
    const now = this.#port.host.now();
    lane.pace = atEnd(lane.pace, lane.isRetry, now, this.#port.random());
    if (lane.pace.retryAt <= now) this.#begin(twin, lane, true);
    else await this.#port.wakeAt(lane.pace.retryAt);
  }
}
