import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CommandEntry, Question } from '../messages.ts';
import type { Answer, Delivery, Programs } from '../ports.ts';
import { giveAnswer } from './answer.ts';
import type { RedisConnection } from './connection.ts';
import { DELIVER } from './delivery-script.ts';
import { writeCommand } from './json.ts';
import { readNote } from './note.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES, MAX_NEVER_SERVED, MAX_QUEUE_BYTES, QUEUES } from './queues.ts';
import { FIRST } from './scripts.ts';

/** Ours are 36 long: what is much longer is no answer to us, and no key for Redis. */
const MAX_UID = 128;
const delivery = z.enum(['delivered', 'repeated', 'full', 'never-served', 'reply-list']);

/** Programs and services, reached through Redis lists. */
export class RedisPrograms implements Programs {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async deliverCommand(
    entry: CommandEntry,
    twin: number,
    names: readonly string[],
    seconds: number,
  ): Promise<Delivery> {
    const { command } = entry;
    const queue = QUEUES.command(command);
    const never = [KEYS.served, KEYS.neverServed, KEYS.neverServedOf(twin)];
    const keys = [queue, KEYS.sizes(command), ...never, KEYS.replyList(queue), ...names.map(KEYS.seen)];
    const bounds = [MAX_ENTRIES, MAX_QUEUE_BYTES, MAX_NEVER_SERVED.queues, MAX_NEVER_SERVED.bytes].map(String);
    const now = Math.floor(Date.now() / 1000);
    const args = [
      writeCommand(entry, QUEUES.responses),
      String(seconds),
      String(now),
      ...bounds,
      String(twin),
      command,
    ];
    return delivery.parse(await leaveIn(queue, () => this.#redis.evaluate(DELIVER, keys, args)));
  }

  async isFirst(names: readonly string[], seconds: number): Promise<boolean> {
    const keys = names.map((name) => KEYS.seen(`plugin.${name}`));
    return (await this.#redis.evaluate(FIRST, keys, [randomUUID(), String(seconds)])) === 1;
  }

  deliverAnswer(answer: Answer): Promise<boolean> {
    return giveAnswer(this.#redis, answer);
  }

  async findQuestion(uid: string): Promise<Question | undefined> {
    if (uid === '' || uid.length > MAX_UID) return undefined;
    const note = await this.#redis.bytes(QUEUES.backlog(uid));
    return note === null ? undefined : readNote(note);
  }
}
