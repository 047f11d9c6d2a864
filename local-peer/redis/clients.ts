import type { RedisCondition } from './condition.ts';
import { lossOf } from './loss.ts';
import { CLUSTER, refusalOf } from './refusal.ts';
import { isCluster } from './server.ts';
import { type RedisClient, WatchedClient, type Watcher } from './watched-client.ts';

const TICK_MS = 1_000;
/** A Redis that is paused for a moment is not worth an alarm. */
const SILENT_MS = 5_000;
/** Then the way to Redis is dead: new connections find another. */
const DROP_MS = 10_000;
/** A failover may take a while: so often new connections are tried meanwhile. */
const DIAL_AGAIN_MS = 5_000;

/** Refused when the question is refused whether Redis is there. */
const ANY = 'any command';

/** The connections of a peer to its Redis: one for commands, and one for each queue that it waits for. */
export class RedisClients {
  readonly #url: string;
  readonly #condition: RedisCondition;
  readonly #onUnusable: (reason: string) => void;
  readonly #first: WatchedClient;
  readonly #others = new Set<WatchedClient>();
  readonly #ticks: NodeJS.Timeout;
  #dialledAt = Number.NEGATIVE_INFINITY;

  /** Begins to connect. @param onUnusable called when this Redis is one that the peer can never use */
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
      // The first connection's troubles are told; the others share them.
      onLost: (client, error) => client === this.#first && this.#condition.lost(lossOf(error)),
      onSilent: (client) => this.#condition.silent(client),
      onHeard: (client) => this.#condition.heard(client),
      onGivenUp: () => {
        for (const each of this.#all()) if (each.client.isReady) this.#condition.silent(each);
        this.#dialAgain();
      },
      onAnswer: (client, error, since) => {
        const refusal = refusalOf(error);
        // A user who may not ask was answered, and that is enough.
        if (refusal === undefined || refusal.code === 'NOPERM') this.#condition.passed(client);
        // Behind a command that waits, a question does not tell how long Redis has refused.
        else if (client === this.#first) this.#condition.refused(ANY, client, refusal, since);
      },
    };
  }

  /** A server that took our login says what it is before it counts as up. */
  async #greet(): Promise<void> {
    const isUsable = await isCluster(this.first).then(
      (isOne) => !isOne,
      () => undefined,
    );
    // The connection was lost again meanwhile, which is told.
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
