import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { PeerFault } from '../../client/errors.ts';
import type { Claims, Seen, ServiceRequest } from '../../client/serving/durable.ts';
import type { Signal } from '../../proto/stream/signal.ts';
import { creditIn } from '../../proto/stream/tags.ts';
import { ListFault } from '../bridge/list-fault.ts';
import type { Question } from '../bridge/messages.ts';
import type { GivenReply, Programs } from '../bridge/ports.ts';
import { readNote } from './claim/note.ts';
import type { RedisConnection } from './connection/connection.ts';
import { DELIVER } from './delivery-script.ts';
import { giveReply } from './give.ts';
import { writeCommand } from './json.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES, MAX_NEVER_SERVED, MAX_QUEUE_BYTES, QUEUES } from './queues.ts';
import { FIRST, RAISE } from './scripts.ts';

/** Own uids have 36 characters: a much longer one is no reply to this peer, and no key for Redis. */
const MAX_UID = 128;
const delivery = z.enum(['delivered', 'repeated', 'full', 'never-served', 'reply-list']);

const EXPIRED: PeerFault = { reason: 'expired', what: 'request has expired: its service could not be reached in time' };

/** Programs and services, reached through Redis lists. */
export class RedisPrograms implements Programs, Claims, Seen {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async give(
    request: ServiceRequest,
    twin: number,
    names: readonly string[],
    seconds: number,
  ): Promise<'delivered' | 'repeated' | PeerFault> {
    const { command, uid } = request;
    const [stream, credit] = [KEYS.credit(twin, uid), creditIn(request.tags)];
    const queue = QUEUES.command(command);
    const never = [KEYS.served, KEYS.neverServed, KEYS.neverServedOf(twin)];
    const keys = [queue, KEYS.sizes(command), ...never, KEYS.replyList(queue), ...names.map(KEYS.seen)];
    const bounds = [MAX_ENTRIES, MAX_QUEUE_BYTES, MAX_NEVER_SERVED.queues, MAX_NEVER_SERVED.bytes].map(String);
    const now = Math.floor(Date.now() / 1000);
    const args = [
      writeCommand(request, QUEUES.responses, credit === undefined ? undefined : stream),
      String(seconds),
      String(now),
      ...bounds,
      String(twin),
      command,
    ];
    const until = performance.now() + seconds * 1000;
    let given: z.infer<typeof delivery>;
    try {
      // Before the service has the request: it looks for its credit at once. A repeat finds it as it is.
      if (credit !== undefined) await this.#open(stream, credit, seconds, until);
      given = delivery.parse(await leaveIn(queue, () => this.#redis.evaluate(DELIVER, keys, args, until)));
    } catch (error) {
      // While Redis is away the relay keeps the request.
      if (performance.now() >= until) return EXPIRED;
      // The peer stops: the relay must not take the request for delivered.
      if (!(error instanceof ListFault)) throw error;
      return { reason: 'other', detail: `the queue of '${command}' takes nothing: ${error.message}` };
    }
    return given === 'delivered' || given === 'repeated' ? given : deliveryFault(given, command, twin);
  }

  async signal(signal: Signal, twin: number): Promise<void> {
    const key = KEYS.credit(twin, signal.uid);
    if (signal.kind === 'credit') await this.#redis.evaluate(RAISE, [key], [String(signal.credit)]);
    else await this.#redis.run((client) => client.del(key));
  }

  async isFirst(names: readonly string[], seconds: number): Promise<boolean> {
    const keys = names.map((name) => KEYS.seen(`plugin.${name}`));
    return (await this.#redis.evaluate(FIRST, keys, [randomUUID(), String(seconds)])) === 1;
  }

  deliverReply(reply: GivenReply): Promise<boolean> {
    return giveReply(this.#redis, reply);
  }

  /** Returns the number of entries in a program's list. */
  waiting(queue: string): Promise<number> {
    return this.#redis.run((client) => client.lLen(queue));
  }

  /** Keeps the status of a request for its program. */
  saveStatus(name: string, text: string, seconds: number): void {
    const expiration = { type: 'EX', value: seconds } as const;
    this.#redis.tell((client) => client.set(QUEUES.status(name), text, { expiration }));
  }

  /** Opens a stream, unless it is open. */
  async #open(key: string, credit: number, seconds: number, until: number): Promise<void> {
    const expiration = { type: 'EX', value: Math.ceil(seconds) } as const;
    await this.#redis.run((client) => client.set(key, String(credit), { condition: 'NX', expiration }), until);
  }

  async findQuestion(uid: string): Promise<Question | undefined> {
    if (uid === '' || uid.length > MAX_UID) return undefined;
    const note = await this.#redis.bytes(QUEUES.backlog(uid));
    return note === null ? undefined : readNote(note);
  }
}

/**
 * Says why a queue takes no request. A `full` queue has no room; `never-served` means that all queues together, from
 * which no service has taken anything, have no room; a `reply-list` is where a local program waits for its replies.
 */
function deliveryFault(given: 'full' | 'never-served' | 'reply-list', command: string, source: number): PeerFault {
  switch (given) {
    case 'full': {
      const detail = `the queue of '${command}' is full: its service does not keep up, or is not there; try again later`;
      return { reason: 'queue-full', detail };
    }
    case 'never-served': {
      const why = `no service has taken a request for '${command}' yet, and no more such requests of twin ${source} can wait`;
      return { reason: 'never-served', detail: `${why}: check the command, or try again when its service runs` };
    }
    case 'reply-list':
      return {
        reason: 'not-allowed',
        detail: `'${command}' is no service here: a program waits for its replies there`,
      };
  }
}
