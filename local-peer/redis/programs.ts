import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Backlog, decodeBacklog, encodeBacklog } from '../../proto/backlog.ts';
import type { CommandEntry, Question } from '../messages.ts';
import type { Answer, Delivery, Programs } from '../ports.ts';
import { giveAnswer } from './answer.ts';
import type { RedisConnection } from './connection.ts';
import { writeCommand } from './json.ts';
import { KEYS, MAX_ENTRIES, MAX_QUEUE_BYTES, QUEUES } from './queues.ts';
import { CLAIM, DELIVER } from './scripts.ts';

/** Ours are 36 long: what is much longer is no answer to us, and no key for Redis. */
const MAX_UID = 128;
/** Of a request; a Rust peer's note might say more. Seconds. */
const MAX_TTL = 1800;
const delivery = z.enum(['delivered', 'repeated', 'full']);

/** Programs and services, reached through Redis lists. */
export class RedisPrograms implements Programs {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async deliverCommand(entry: CommandEntry, twin: number, seconds: number): Promise<Delivery> {
    const { command, uid } = entry;
    const keys = [QUEUES.command(command), KEYS.sizes(command), KEYS.seen(requestKey(twin, uid))];
    const limits = [String(MAX_ENTRIES), String(MAX_QUEUE_BYTES)];
    const now = Math.floor(Date.now() / 1000);
    const args = [writeCommand(entry, QUEUES.responses), String(seconds), String(now), ...limits];
    return delivery.parse(await this.#redis.evaluate(DELIVER, keys, args));
  }

  async isFirst(twin: number, uid: string, seconds: number): Promise<boolean> {
    const key = KEYS.seen(`plugin.${requestKey(twin, uid)}`);
    return (await this.#redis.evaluate(CLAIM, [key], [randomUUID(), String(seconds)])) === 1;
  }

  deliverAnswer(answer: Answer): Promise<boolean> {
    return giveAnswer(this.#redis, answer);
  }

  async saveQuestion(uid: string, { command, replyTo, ref, asked, seconds }: Question): Promise<void> {
    const ttl = BigInt(seconds);
    const reference = ref === null ? {} : { reference: ref };
    const backlog: Backlog = { uid, replyTo, module: command, ttl, asked: asked ?? [], ...reference };
    const { buffer, byteOffset, length } = encodeBacklog(backlog);
    const note = Buffer.from(buffer, byteOffset, length);
    await this.#redis.run((client) =>
      client.set(QUEUES.backlog(uid), note, { expiration: { type: 'EX', value: seconds } }),
    );
  }

  async findQuestion(uid: string): Promise<Question | undefined> {
    if (uid === '' || uid.length > MAX_UID) return undefined;
    const bytes = await this.#redis.bytes(QUEUES.backlog(uid));
    const backlog = bytes === null ? undefined : decodeBacklog(bytes);
    if (!backlog?.ok) return undefined;
    const { replyTo, reference, module, ttl, asked } = backlog.value;
    const seconds = Math.min(Number(ttl), MAX_TTL);
    return { command: module, replyTo, ref: reference ?? null, asked: asked.length === 0 ? undefined : asked, seconds };
  }
}

/** What makes two requests of a twin the same one; those without a uid are never. */
function requestKey(twin: number, uid: string): string {
  if (uid === '') return `${twin}.none.${randomUUID()}`;
  return `${twin}.${uid.length <= MAX_UID ? uid : createHash('sha256').update(uid).digest('base64url')}`;
}
