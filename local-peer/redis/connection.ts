import { createClient, ErrorReply, RESP_TYPES } from 'redis';
import type { Log } from '../ports.ts';
import type { PartState } from '../state.ts';
import { mayPass } from './refusal.ts';
import type { Script } from './scripts.ts';

const CONNECT_MS = 5_000;
/** While Redis is away commands wait for it, up to this many. */
const MOST_WAITING = 10_000;
const RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;
/** So often Redis is asked whether it is there, and so long it may take to say so. */
const WATCH_MS = 5_000;
const SILENCE_MS = 5_000;

/** What node-redis calls a client, of which we use few commands. */
export type RedisClient = ReturnType<typeof clientFor>;

/** A Redis of programs: connected for as long as it takes, commands repeated until they are answered. */
export class RedisConnection {
  readonly #log: Log;
  readonly #onState: (state: PartState) => void;
  readonly #client: RedisClient;
  readonly #others = new Set<RedisClient>();
  readonly #watch: NodeJS.Timeout;
  /** What Redis refuses for good, and why. */
  readonly #refusals = new Map<string, string>();
  #state: PartState = { isUp: false, detail: 'not connected yet' };
  #isClosed = false;

  /** Begins to connect. @param url redis(s)://[user:password@]host[:port][/database] */
  constructor(url: string, log: Log, onState: (state: PartState) => void) {
    this.#log = log;
    this.#onState = onState;
    this.#client = clientFor(url);
    this.#client.on('ready', () => this.#set({ isUp: true, detail: '' }));
    this.#client.on('error', (error: Error) => this.#set({ isUp: false, detail: messageOf(error) }));
    this.#client.connect().catch((error: unknown) => this.#set({ isUp: false, detail: messageOf(error) }));
    this.#watch = setInterval(() => void this.#look(), WATCH_MS);
  }

  get isUp(): boolean {
    return this.#state.isUp;
  }

  /**
   * Gives a command, again and again while Redis is away.
   * @throws what Redis holds against the command, or when the connection is closed meanwhile
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await command(this.#client);
      } catch (error) {
        if (this.#isClosed || !mayPass(error)) throw error;
        this.#log.debug({ error: messageOf(error) }, 'Redis: a command was not answered, giving it again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /**
   * Runs a script once. @throws when its answer does not come: what it did is not known then
   * @param client a further connection, when it must go there
   * @param onForgotten called when Redis does not know the script: it goes by the first connection then, whatever was
   * sent behind it
   */
  async once(
    script: Script,
    keys: string[],
    args: string[],
    client = this.#client,
    onForgotten: () => void = () => undefined,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await client.sendCommand(['EVALSHA', script.sha, ...rest]);
    } catch (error) {
      // A Redis that was started again has forgotten the scripts.
      if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
      onForgotten();
      return this.#client.sendCommand(['EVAL', script.text, ...rest]);
    }
  }

  /** Runs a script until it is answered. */
  evaluate(script: Script, keys: string[], args: string[]): Promise<unknown> {
    return this.run(() => this.once(script, keys, args));
  }

  /** The bytes of a key. */
  bytes(key: string): Promise<Buffer | null> {
    return this.run((client) => client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(key));
  }

  /**
   * Does what the peer cannot work without. While Redis refuses it for good, that is said, and Redis counts as not up.
   * @param what it is, as an operator knows it
   * @throws what `work` throws
   */
  async need<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#refused(what, undefined);
      return result;
    } catch (error) {
      if (!mayPass(error)) this.#refused(what, messageOf(error));
      throw error;
    }
  }

  /** A further connection, for commands that wait. */
  async waiting(): Promise<RedisClient> {
    const client = this.#client.duplicate();
    // The first connection's troubles are told; this one shares them.
    client.on('error', () => undefined);
    this.#others.add(client);
    try {
      await client.connect();
    } catch (error) {
      this.#others.delete(client);
      client.destroy();
      throw error;
    }
    return client;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#watch);
    for (const each of [this.#client, ...this.#others]) each.destroy();
  }

  /** A Redis that hangs keeps its connection. */
  async #look(): Promise<void> {
    if (!this.#client.isReady) return;
    const late = setTimeout(
      () => this.#set({ isUp: false, detail: `no answer within ${SILENCE_MS / 1000} s` }),
      SILENCE_MS,
    );
    await this.#client.ping().then(
      () => this.#set({ isUp: true, detail: '' }),
      () => undefined,
    );
    clearTimeout(late);
  }

  #set(state: PartState): void {
    const before = this.#state;
    if (this.#isClosed || (before.isUp === state.isUp && before.detail === state.detail)) return;
    this.#state = state;
    if (state.isUp) this.#log.info({}, 'Redis: connected');
    else this.#log.warn({ error: state.detail }, 'Redis: not connected, trying again');
    this.#tell();
  }

  #refused(what: string, why: string | undefined): void {
    if (this.#isClosed || this.#refusals.get(what) === why) return;
    if (why === undefined) {
      this.#refusals.delete(what);
      this.#log.info({}, `Redis: ${what} allowed again`);
    } else {
      this.#refusals.set(what, why);
      this.#log.warn({ error: why }, `Redis: ${what} refused, trying again`);
    }
    this.#tell();
  }

  #tell(): void {
    const refusals = [...this.#refusals].map(([what, why]) => `${what}: ${why}`);
    const isRefused = this.#state.isUp && refusals.length > 0;
    this.#onState(isRefused ? { isUp: false, detail: refusals.join('; ') } : this.#state);
  }
}

function clientFor(url: string) {
  return createClient({
    url,
    commandsQueueMaxLength: MOST_WAITING,
    // A feature of Redis Enterprise. Its handshake looks the host up in DNS, and fails at an IPv6 address.
    maintNotifications: 'disabled',
    // The client's own limit is a signal and a timer for each command, a tenth of the time; we give commands again anyway.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries) => Math.random() * Math.min(100 * 2 ** Math.min(retries, 10), LONGEST_RETRY_MS),
    },
  });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
