import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CommandEntry, Question } from '../messages.ts';
import type { Answer, Delivery, Programs } from '../ports.ts';
import { requestKey } from '../repeats.ts';
import { giveAnswer } from './answer.ts';
import type { RedisConnection } from './connection.ts';
import { writeCommand } from './json.ts';
import { readNote } from './note.ts';
import { leaveIn } from './queue-fault.ts';
import { KEYS, MAX_ENTRIES, MAX_QUEUE_BYTES, QUEUES } from './queues.ts';
import { DELIVER, FIRST } from './scripts.ts';

/** Ours are 36 long: what is much longer is no answer to us, and no key for Redis. */
const MAX_UID = 128;
const delivery = z.enum(['delivered', 'repeated', 'full']);

/** Programs and services, reached through Redis lists. */
export class RedisPrograms implements Programs {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async deliverCommand(entry: CommandEntry, twin: number, seconds: number): Promise<Delivery> {
    const { command, uid } = entry;
    const keys = [QUEUES.command(command), KEYS.sizes(command), KEYS.seen(markOf(twin, uid))];
    const limits = [String(MAX_ENTRIES), String(MAX_QUEUE_BYTES)];
    const now = Math.floor(Date.now() / 1000);
    const args = [writeCommand(entry, QUEUES.responses), String(seconds), String(now), ...limits];
    return delivery.parse(await leaveIn(QUEUES.command(command), () => this.#redis.evaluate(DELIVER, keys, args)));
  }

  async isFirst(twin: number, uid: string, seconds: number): Promise<boolean> {
    const key = KEYS.seen(`plugin.${markOf(twin, uid)}`);
    return (await this.#redis.evaluate(FIRST, [key], [randomUUID(), String(seconds)])) === 1;
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

/** The name of a request's mark in Redis; two requests without a uid have two. */
function markOf(twin: number, uid: string): string {
  return requestKey(twin, uid) ?? `${twin}.none.${randomUUID()}`;
}
