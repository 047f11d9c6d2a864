import { createClient, ErrorReply } from 'redis';
import { type Patience, type Silence, type SilenceEvent, watchSilence } from './silence.ts';

const CONNECT_MS = 5_000;
/** Commands that wait while Redis is away. */
const MOST_WAITING = 10_000;
const LONGEST_RETRY_MS = 2_000;
/** Ends a connection whose first commands Redis never answers. Longer than the watch of a ready connection. */
const HANDSHAKE_MARGIN_MS = 3_000;

/** A client of node-redis. */
export type RedisClient = ReturnType<typeof clientFor>;

/** Reports of a connection. */
export interface Watcher {
  onReady(client: WatchedClient): void;
  onLost(client: WatchedClient, error: Error): void;
  onSilent(client: WatchedClient): void;
  onHeard(client: WatchedClient): void;
  /** The connection was silent for too long: it is dialled again. */
  onGivenUp(client: WatchedClient): void;
  /** Redis answered a PING. @param refusal its error; `since` is the time of the PING */
  onAnswer(client: WatchedClient, refusal: ErrorReply | undefined, since: number): void;
}

/** One connection to Redis: dials until it succeeds, and checks all the time whether Redis still answers. */
export class WatchedClient {
  readonly client: RedisClient;
  readonly #patience: Patience;
  readonly #watcher: Watcher;
  #silence: Silence | undefined;

  /** @param url redis(s)://[user:password@]host[:port][/database] */
  constructor(url: string, patience: Patience, watcher: Watcher) {
    this.#patience = patience;
    this.#watcher = watcher;
    this.client = clientFor(url, patience.dropMs + HANDSHAKE_MARGIN_MS);
    this.client.on('connect', () => {
      // The library forgets a socket that was dialling at `destroy`: it would log in, and stay open for ever.
      if (!this.client.isOpen) this.client.destroy();
    });
    this.client.on('ready', () => {
      this.#step('ready');
      watcher.onReady(this);
    });
    this.client.on('error', (error: Error) => {
      // Bytes of another protocol leave the connection open: nothing after them can be parsed.
      this.dialAgain();
      this.#step('lost');
      watcher.onLost(this, error);
    });
  }

  /** Resolves when the connection is ready. Rejects when it is destroyed before. */
  async connect(): Promise<void> {
    await this.client.connect();
  }

  /** Checks whether Redis still answers. Called about once a second. */
  tick(): void {
    // The queue that uses this client may have destroyed it.
    this.#step(this.client.isReady ? 'tick' : 'lost');
  }

  /**
   * Drops the connection, and dials a new one for the same client. Pending commands fail like those of any lost
   * connection. Does nothing while the client is dialling: that has timeouts of its own.
   */
  dialAgain(): void {
    if (!this.client.isReady) return;
    this.#step('lost');
    this.client.destroy();
    this.client.connect().catch(() => undefined);
  }

  destroy(): void {
    this.client.destroy();
  }

  #step(event: SilenceEvent): void {
    const { silence, effects } = watchSilence(this.#silence, event, performance.now(), this.#patience);
    this.#silence = silence;
    for (const effect of effects) {
      if (effect === 'ask') this.#ask();
      else if (effect === 'report-silent') this.#watcher.onSilent(this);
      else if (effect === 'report-heard') this.#watcher.onHeard(this);
      else this.#watcher.onGivenUp(this);
    }
  }

  #ask(): void {
    const since = performance.now();
    const answered = (refusal?: ErrorReply) => {
      this.#watcher.onAnswer(this, refusal, since);
      this.#step('answered');
    };
    this.client.ping().then(
      () => answered(),
      (error: unknown) => (error instanceof ErrorReply ? answered(error) : this.#step('unasked')),
    );
  }
}

function clientFor(url: string, socketTimeout: number) {
  return createClient({
    url,
    commandsQueueMaxLength: MOST_WAITING,
    // A feature of Redis Enterprise. Its handshake looks the host up in DNS, and fails at an IPv6 address.
    maintNotifications: 'disabled',
    // The client's own limit costs a signal and a timer for each command, a tenth of the time; commands are repeated anyway.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: CONNECT_MS,
      socketTimeout,
      reconnectStrategy: (retries) => Math.random() * Math.min(100 * 2 ** Math.min(retries, 10), LONGEST_RETRY_MS),
    },
  });
}
