import type { RedisCondition } from './condition.ts';
import { lossOf } from './loss.ts';
import { CLUSTER, refusalOf } from './refusal.ts';
import { isCluster } from './server.ts';
import { type RedisClient, WatchedClient, type Watcher } from './watched-client.ts';

const TICK_MS = 1_000;
/** Silence before a report: a Redis that pauses for a moment is no alarm. */
const SILENT_MS = 5_000;
/** Silence before a connection is dropped: a new connection may find another way. */
const DROP_MS = 10_000;
/** Interval of new connections during a failover. */
const DIAL_AGAIN_MS = 5_000;

/** Work that fails when Redis refuses a PING. */
const ANY = 'any command';

/** The connections of a peer to its Redis: one for commands, and one for each queue that it waits on. */
export class RedisClients {
  readonly #url: string;
  readonly #condition: RedisCondition;
  readonly #onUnusable: (reason: string) => void;
  readonly #first: WatchedClient;
  readonly #others = new Set<WatchedClient>();
  readonly #ticks: NodeJS.Timeout;
  #dialledAt = Number.NEGATIVE_INFINITY;

  /** Starts to connect. @param onUnusable called when the peer can never use this Redis */
  constructor(url: string, condition: RedisCondition, onUnusable: (reason: string) => void) {
    this.#url = url;
    this.#condition = condition;
    this.#onUnusable = onUnusable;
    this.#first = new WatchedClient(url, { reportMs: SILENT_MS, dropMs: DROP_MS }, this.#watcher());
    this.#first.connect().catch((error: unknown) => condition.lost(lossOf(error)));
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  /** For commands that Redis answers at once. */
  get first(): RedisClient {
    return this.#first.client;
  }

  /** Opens a further connection. @param waitMs the longest that a command waits there on the server */
  async open(waitMs: number): Promise<RedisClient> {
    const patience = { reportMs: waitMs + SILENT_MS, dropMs: waitMs + DROP_MS };
    const other = new WatchedClient(this.#url, patience, this.#watcher());
    this.#others.add(other);
    try {
      await other.connect();
    } catch (error) {
      this.#others.delete(other);
      other.destroy();
      throw error;
    }
    return other.client;
  }

  close(): void {
    clearInterval(this.#ticks);
    for (const each of this.#all()) each.destroy();
  }

  #watcher(): Watcher {
    return {
      onReady: (client) => {
        this.#condition.heard(client);
        if (client === this.#first) void this.#greet();
      },
      // Only the first connection reports; the others share its troubles.
      onLost: (client, error) => client === this.#first && this.#condition.lost(lossOf(error)),
      onSilent: (client) => this.#condition.silent(client),
      onHeard: (client) => this.#condition.heard(client),
      onGivenUp: () => {
        for (const each of this.#all()) if (each.client.isReady) this.#condition.silent(each);
        this.#dialAgain();
      },
      onAnswer: (client, error, since) => {
        const refusal = refusalOf(error);
        // A refused PING is an answer, too.
        if (refusal === undefined || refusal.code === 'NOPERM') this.#condition.passed(client);
        // Behind a blocking command, a PING does not tell how long Redis has refused.
        else if (client === this.#first) this.#condition.refused(ANY, client, refusal, since);
      },
    };
  }

  /** A server that accepts the login says what it is before it counts as up. */
  async #greet(): Promise<void> {
    const isUsable = await isCluster(this.first).then(
      (isOne) => !isOne,
      () => undefined,
    );
    // The connection was lost again meanwhile; that is reported.
    if (isUsable === undefined) return;
    if (isUsable) return this.#condition.connected();
    const why = `${CLUSTER.reason}; ${CLUSTER.remedy}`;
    this.#condition.lost(why);
    if (!this.#condition.wasUp) this.#onUnusable(why);
  }

  #tick(): void {
    for (const each of this.#all()) each.tick();
    this.#condition.look();
    const now = performance.now();
    if (!this.#condition.needsNewConnection || now - this.#dialledAt < DIAL_AGAIN_MS) return;
    this.#dialledAt = now;
    this.#dialAgain();
  }

  #dialAgain(): void {
    for (const each of this.#all()) each.dialAgain();
  }

  #all(): WatchedClient[] {
    return [this.#first, ...this.#others];
  }
}
