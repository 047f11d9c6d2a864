import { type Backlog, decodeBacklog, encodeBacklog } from '../../proto/backlog.ts';
import type { CommandEntry, ReplyEntry } from '../messages.ts';
import type { Programs } from '../ports.ts';
import { writeCommand, writeReply } from './json.ts';
import { MAX_ENTRIES, QUEUES } from './queues.ts';

/** Ours are 36 long: what is much longer is no answer to us, and no key for Redis. */
const MAX_UID = 128;

/** The commands of Redis that delivery needs. */
export interface RedisCommands {
  /** LPUSH and LTRIM in one transaction. */
  pushTrimmed(key: string, entry: string, most: number): Promise<void>;
  setFor(key: string, value: Uint8Array, seconds: number): Promise<void>;
  getBytes(key: string): Promise<Uint8Array | null>;
}

/** Programs and services, reached through Redis lists. */
export class RedisPrograms implements Programs {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  async deliverCommand(entry: CommandEntry): Promise<void> {
    await this.#redis.pushTrimmed(QUEUES.command(entry.command), writeCommand(entry, QUEUES.responses), MAX_ENTRIES);
  }

  async deliverReply(queue: string, entry: ReplyEntry): Promise<void> {
    await this.#redis.pushTrimmed(queue, writeReply(entry), MAX_ENTRIES);
  }

  async saveBacklog(backlog: Backlog): Promise<void> {
    await this.#redis.setFor(QUEUES.backlog(backlog.uid), encodeBacklog(backlog), Number(backlog.ttl));
  }

  async findBacklog(uid: string): Promise<Backlog | undefined> {
    if (uid === '' || uid.length > MAX_UID) return undefined;
    const bytes = await this.#redis.getBytes(QUEUES.backlog(uid));
    const backlog = bytes === null ? undefined : decodeBacklog(bytes);
    return backlog?.ok ? backlog.value : undefined;
  }
}
