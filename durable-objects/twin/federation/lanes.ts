import type { Refusal } from '../../../proto/reasons.ts';
import type { FederatedMessage } from './bundle.ts';
import type { FederationOutbox } from './outbox.ts';

/** What became of one attempt: somebody answered for it (with a reason when it went wrong), or later again. */
export type Attempted = { readonly settled: true; readonly reason?: Refusal | undefined } | { readonly settled: false };

/** What lanes need of their object; times in Unix ms. */
export interface LanesPort {
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /**
   * Tries to bring a message away, once. A retry looks at this relay first: the twin may have come here.
   * @param hold where the attempt notes that a request is under way, and asks whether it still should begin one
   */
  attempt(message: FederatedMessage, isRetry: boolean, hold: Hold): Promise<Attempted>;
  /** Tells the sender of a message what went wrong; what is written to storage is written at once. */
  report(message: FederatedMessage, reason: Refusal): void;
  /** Goes on with work for which nobody waits. */
  background(work: Promise<void>): void;
  /** Calls `tick` at `at` or earlier, even if the object dies before. */
  wakeAt(at: number): Promise<void>;
}

/** One message in the hands of an attempt. */
export interface Hold {
  /** Whether a request that carries it is under way. */
  posting: boolean;
  /** Whether it has been answered for meanwhile, or its time is over. */
  isLate(): boolean;
}

interface Held extends Hold {
  readonly bundle: number;
  readonly index: number;
  readonly message: FederatedMessage;
  settled: boolean;
}

/** What waits for one destination twin. */
interface Lane {
  /** Bundles not tried yet in this round. */
  todo: number[];
  /** Bundles tried, and still open. */
  tried: number[];
  /** What a bundle of this round holds that nobody has taken yet. */
  round: Held[];
  isRetry: boolean;
  /** Bundles of this round that were tried before: one that came meanwhile has its first attempt. */
  retried: ReadonlySet<number>;
  /** Messages under way at most; none: the lane rests. */
  workers: number;
  /** Attempts in a row that failed. */
  failing: number;
  /** Retries in a row that ended with a failure. */
  retries: number;
  /** When all that is tried and still open goes again; the round under way ends for it. */
  retryAt: number;
}

/** Messages of one lane under way at once: no more requests go to one relay anyway. */
const WORKERS = 2;
/** After so many failures in a row the rest of a lane waits, too. */
const DEAD = 4;
/** The first retry comes after so long, each further one half as much later again, up to the last (ms). */
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 30_000;

/**
 * Brings stored messages to other relays: at once, and again until their time is over. Each destination twin has a
 * lane of its own, so that one whose relay is dead, or whose mailbox is full, delays nobody else.
 */
export class Lanes {
  readonly #outbox: FederationOutbox;
  readonly #port: LanesPort;
  readonly #held = new Map<number, Held[]>();
  #lanes: Map<number, Lane> | undefined;

  constructor(outbox: FederationOutbox, port: LanesPort) {
    this.#outbox = outbox;
    this.#port = port;
  }

  /** Stores messages for a twin and sets out with them. @returns those for which there is no room */
  async accept(twin: number, messages: readonly FederatedMessage[]): Promise<readonly FederatedMessage[]> {
    const lane = this.#laneOf(twin);
    const { bundles, full } = this.#outbox.add(twin, messages);
    lane.todo.push(...bundles);
    const now = this.#port.now();
    const expiry = Math.min(...messages.map(({ expiresAt }) => expiresAt * 1000));
    // Armed in the turn that stores: should the object die, somebody takes the rows up.
    const armed = this.#port.wakeAt(Math.min(now + RETRY_MS, expiry));
    if (lane.failing >= DEAD) lane.retryAt = Math.min(lane.retryAt, now + RETRY_MS);
    else if (lane.workers === 0) this.#begin(twin, lane, false);
    else this.#employ(twin, lane);
    await armed;
    return full;
  }

  /** Ends what has expired and takes up again what is due. */
  async tick(): Promise<void> {
    const lanes = this.#load();
    const now = this.#port.now();
    this.#expire(now);
    let next = Number.POSITIVE_INFINITY;
    for (const [twin, lane] of lanes) {
      if (lane.workers === 0 && lane.retryAt <= now) this.#begin(twin, lane, true);
      next = Math.min(next, lane.workers > 0 ? now + RETRY_MS : lane.retryAt);
    }
    for (const { expires } of this.#outbox.list()) next = Math.min(next, expires * 1000);
    // What expires while its request is under way is looked at again a little later.
    if (next !== Number.POSITIVE_INFINITY) await this.#port.wakeAt(Math.max(next, now + 1000));
  }

  /** After waking, everything that is stored is due. */
  #load(): Map<number, Lane> {
    if (this.#lanes !== undefined) return this.#lanes;
    this.#lanes = new Map();
    for (const { id, twin } of this.#outbox.list()) {
      const lane = this.#laneOf(twin);
      lane.tried.push(id);
      lane.retryAt = 0;
    }
    return this.#lanes;
  }

  #laneOf(twin: number): Lane {
    const lanes = this.#load();
    const known = lanes.get(twin);
    if (known !== undefined) return known;
    const rest = {
      workers: 0,
      isRetry: false,
      retried: new Set<number>(),
      failing: 0,
      retries: 0,
      retryAt: Number.POSITIVE_INFINITY,
    };
    const lane: Lane = { todo: [], tried: [], round: [], ...rest };
    lanes.set(twin, lane);
    return lane;
  }

  /** A round: all of a lane that has not been tried, or, as a retry, all of it. */
  #begin(twin: number, lane: Lane, isRetry: boolean): void {
    lane.isRetry = isRetry;
    lane.retried = new Set(lane.tried);
    if (isRetry) {
      lane.todo = [...lane.tried, ...lane.todo];
      lane.tried = [];
      // One more failure and it is dead again: a probe for each worker.
      lane.failing = Math.min(lane.failing, DEAD - 1);
    }
    // Counted from the beginning: what comes afresh all the time must not put off what failed.
    lane.retryAt = isRetry ? this.#later(lane) : Math.min(lane.retryAt, this.#later(lane));
    if (lane.todo.length > 0) this.#employ(twin, lane);
    else this.#port.background(this.#rest(twin, lane));
  }

  /** Sets workers to what is there to do, each until nothing is left. */
  #employ(twin: number, lane: Lane): void {
    for (let n = lane.workers; n < WORKERS && (lane.todo.length > 0 || lane.round.length > 0); n += 1) {
      lane.workers += 1;
      this.#port.background(this.#work(twin, lane));
    }
  }

  async #work(twin: number, lane: Lane): Promise<void> {
    for (let held = this.#take(lane); held !== undefined; held = this.#take(lane)) {
      let attempted: Attempted;
      try {
        attempted = await this.#port.attempt(held.message, lane.retried.has(held.bundle), held);
      } catch {
        // A resolver that died in the call: as good as a relay out of reach.
        attempted = { settled: false };
      }
      if (attempted.settled) {
        lane.failing = 0;
        this.#settle(held, attempted.reason);
        // In the turn that told it: an error is not taken back by a crash. And only the newest bundle has a note open.
        if (attempted.reason !== undefined || held.bundle !== lane.tried.at(-1)) this.#outbox.note(held.bundle);
      } else if (held.isLate()) {
        this.#settle(held, 'expired');
        this.#outbox.note(held.bundle);
      } else lane.failing += 1;
    }
    lane.workers -= 1;
    if (lane.workers === 0) await this.#rest(twin, lane);
  }

  /** The next message of a round, its bundle read when its turn comes. */
  #take(lane: Lane): Held | undefined {
    while (lane.failing < DEAD && this.#port.now() < lane.retryAt) {
      const held = lane.round.shift();
      if (held !== undefined && !held.settled) return held;
      if (held !== undefined) continue;
      const id = lane.todo.shift();
      if (id === undefined) return undefined;
      if (!this.#outbox.has(id)) continue;
      const before = lane.tried.at(-1);
      if (before !== undefined) this.#outbox.note(before);
      lane.tried.push(id);
      // In any order when it is a retry: a message that always fails must not hold up the others.
      const read = this.#hold(id);
      lane.round.push(...(lane.isRetry ? shuffled(read, () => this.#port.random()) : read));
    }
    return undefined;
  }

  async #rest(twin: number, lane: Lane): Promise<void> {
    lane.round = [];
    for (const id of lane.tried) {
      this.#outbox.note(id);
      this.#held.delete(id);
    }
    lane.tried = lane.tried.filter((id) => this.#outbox.has(id));
    if (lane.tried.length === 0 && lane.todo.length === 0) {
      this.#load().delete(twin);
      return;
    }
    if (lane.failing === 0) lane.retries = 0;
    else if (lane.isRetry) lane.retries += 1;
    if (lane.failing > 0) lane.retryAt = Math.max(lane.retryAt, this.#later(lane));
    if (lane.retryAt <= this.#port.now()) this.#begin(twin, lane, true);
    else await this.#port.wakeAt(lane.retryAt);
  }

  #later(lane: Lane): number {
    const delay = Math.min(RETRY_MS * 1.5 ** lane.retries, RETRY_MOST_MS);
    return Math.round(this.#port.now() + delay * (0.8 + 0.4 * this.#port.random()));
  }

  /** Tells the senders of what has expired; a message whose request is under way has its answer first. */
  #expire(now: number): void {
    for (const { id, expires } of this.#outbox.list()) {
      if (expires * 1000 > now) continue;
      const known = this.#held.get(id);
      const held = known ?? this.#hold(id);
      for (const each of held) if (!each.posting && each.isLate()) this.#settle(each, 'expired');
      this.#outbox.note(id);
      const open = held.filter(({ settled }) => !settled);
      this.#outbox.expect(id, Math.min(...open.map(({ message }) => message.expiresAt)));
      if (known === undefined) this.#held.delete(id);
    }
  }

  /** Reads a bundle's open messages into memory. */
  #hold(id: number): Held[] {
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    const held = this.#outbox.read(id).map(({ index, message }): Held => {
      const each: Held = {
        bundle: id,
        index,
        message,
        posting: false,
        settled: false,
        isLate: () => each.settled || message.expiresAt * 1000 <= this.#port.now(),
      };
      return each;
    });
    this.#held.set(id, held);
    return held;
  }

  /** Whoever tells an error has it noted in the same turn: a crash never finds it told and its message still open. */
  #settle(held: Held, reason: Refusal | undefined): void {
    if (held.settled) return;
    held.settled = true;
    if (reason !== undefined) this.#port.report(held.message, reason);
    this.#outbox.settle(held.bundle, held.index);
    if (!this.#outbox.has(held.bundle)) this.#held.delete(held.bundle);
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ item }) => item);
}
