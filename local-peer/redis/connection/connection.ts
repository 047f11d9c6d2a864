import { ErrorReply, RESP_TYPES } from 'redis';
import type { Log, PartState } from '../../../client/ports.ts';
import { isOwnKey } from '../queues.ts';
import type { Script } from '../scripts.ts';
import { RedisClients } from './clients.ts';
import { RedisCondition } from './condition.ts';
import { lossOf } from './loss.ts';
import { isForbidden, refusalOf } from './refusal.ts';
import type { RedisClient } from './watched-client.ts';

export type { RedisClient } from './watched-client.ts';

const RETRY_MS = 250;
/** Longest wait of BLMOVE on the server, ms. */
const LONGEST_WAIT_MS = 5_000;

/** Name of the work of repeated commands, for operators. */
const OWN_KEYS = 'keys of the peer';

/** A command that has an end was not sent. */
class NotConnected extends Error {}

/** The Redis of the programs: connects until it succeeds, and repeats commands until they are answered. */
export class RedisConnection {
  readonly #log: Log;
  readonly #condition: RedisCondition;
  readonly #clients: RedisClients;
  #isClosed = false;

  /**
   * Starts to connect.
   * @param url redis(s)://[user:password@]host[:port][/database]
   * @param onUnusable called when the peer can never use this Redis
   */
  constructor(
    url: string,
    log: Log,
    onState: (state: PartState) => void,
    onUnusable: (reason: string) => void = () => undefined,
  ) {
    this.#log = log;
    this.#condition = new RedisCondition(log, onState);
    this.#clients = new RedisClients(url, this.#condition, onUnusable);
  }

  /** Whether Redis answers, and refuses nothing that the peer needs. */
  get isUp(): boolean {
    return this.#condition.isUp;
  }

  /**
   * Sends a command, and repeats it while Redis is away or refuses it temporarily.
   * @param until end of its use, by `performance.now()`
   * @throws a refusal that no waiting ends, or any error when its use is over or the connection is closed meanwhile
   */
  async run<T>(command: (client: RedisClient) => Promise<T>, until = Number.POSITIVE_INFINITY): Promise<T> {
    try {
      for (;;) {
        try {
          const client = this.#clients.first;
          // The client keeps a command until it is connected: it could leave after its use is over.
          if (Number.isFinite(until) && !client.isReady) throw new NotConnected();
          return await command(client);
        } catch (error) {
          const refusal = refusalOf(error);
          if (this.#isClosed || refusal?.fate === 'final' || performance.now() >= until) throw error;
          if (refusal !== undefined) this.#condition.refused(OWN_KEYS, command, refusal);
          this.#log.debug({ error: lossOf(error) }, 'Redis: a command was not answered, sending it again');
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    } finally {
      this.#condition.passed(command);
    }
  }

  /**
   * Runs a script once. @throws when its answer does not come: its effect is unknown then
   * @param client a further connection, when it must go there
   */
  async once(script: Script, keys: string[], args: string[], client = this.#clients.first): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await client.sendCommand(['EVALSHA', script.sha, ...rest]);
    } catch (error) {
      // A Redis that was started again has forgotten the scripts.
      if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#clients.first.sendCommand(['EVAL', script.text, ...rest]);
    }
  }

  /** Runs a script until it is answered. @throws as `run`, and when the ACL forbids one of `keys` that is a program's */
  async evaluate(script: Script, keys: string[], args: string[], until?: number): Promise<unknown> {
    const outcome = await this.run(async () => {
      const first = await this.#unlessForbidden(script, keys, args);
      // The rights to the peer's keys may have come back between the refusal and the check.
      return 'answer' in first ? first : await this.#unlessForbidden(script, keys, args);
    }, until);
    if ('error' in outcome) throw outcome.error;
    return outcome.answer;
  }

  /** Runs a script once. Returns the error when the ACL forbids a key that is a program's; throws all others. */
  async #unlessForbidden(
    script: Script,
    keys: string[],
    args: string[],
  ): Promise<{ answer: unknown } | { error: unknown }> {
    try {
      return { answer: await this.once(script, keys, args) };
    } catch (error) {
      if (!isForbidden(error) || (await this.#areOwnForbidden(keys))) throw error;
      return { error };
    }
  }

  /** Sends a command once, if Redis is there. Nobody waits for its answer. */
  tell(command: (client: RedisClient) => Promise<unknown>): void {
    if (this.#clients.first.isReady) command(this.#clients.first).catch(() => undefined);
  }

  /** Returns the bytes of a key. */
  bytes(key: string): Promise<Buffer | null> {
    return this.run((client) => client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(key));
  }

  /**
   * Runs work that the peer cannot do without. While Redis refuses it, Redis counts as not up, with the reason: at once
   * when only a change can end the refusal, else after a few seconds.
   * @param what name of the work, for operators
   * @throws what `work` throws
   */
  async need<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#condition.passed(what);
      return result;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) this.#condition.refused(what, what, refusal);
      throw error;
    }
  }

  /**
   * Opens a further connection, for blocking commands. It redials by itself, also after a silence.
   * @param waitMs the longest that a command waits there on the server
   */
  waiting(waitMs = LONGEST_WAIT_MS): Promise<RedisClient> {
    return this.#clients.open(waitMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#condition.close();
    this.#clients.close();
  }

  /** Returns whether the ACL forbids scripts, or one of these keys that is the peer's own. */
  async #areOwnForbidden(keys: readonly string[]): Promise<boolean> {
    const own = keys.filter(isOwnKey);
    try {
      await this.#clients.first.sendCommand(['EVAL', 'return 1', String(own.length), ...own]);
      return false;
    } catch (error) {
      if (isForbidden(error)) return true;
      throw error;
    }
  }
}
