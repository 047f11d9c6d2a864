import { z } from 'zod';
import type { TwinMemory } from '../../client/directory/directory.ts';
import type { Twin } from '../../proto/twin.ts';
import type { OwnTwinMemory } from '../chain-writer/own-twin.ts';
import type { RedisConnection } from './connection/connection.ts';
import { KEYS } from './queues.ts';

/** Life of a remembered record, seconds: an old record is better than none while the chain is away. */
const KEEP = 30 * 86_400;
/** Limit for a look-up, ms: a Redis that hangs must not delay the chain's answer. */
const PATIENCE_MS = 1_000;

const hex = z.string().regex(/^([0-9a-f]{2})*$/);
const record = z.object({ account: hex.length(64), relay: z.string().nullable(), pk: hex.nullable() });

/** Remembers the chain's records in Redis, for a start without the chain. */
export class RedisTwinMemory implements TwinMemory, OwnTwinMemory {
  readonly #redis: RedisConnection;
  readonly #network: string;

  /** @param chains URLs of the chain's nodes: another network's twins are others */
  constructor(redis: RedisConnection, chains: readonly string[]) {
    this.#redis = redis;
    this.#network = chains
      .map((url) => new URL(url).host)
      .sort()
      .join(',');
  }

  async find(id: number): Promise<Twin | undefined> {
    const text = await this.#get(KEYS.twin(this.#network, id));
    const parsed = record.safeParse(parseJson(text));
    if (!parsed.success) return undefined;
    const { account, relay, pk } = parsed.data;
    return { id, account: bytesOf(account), relay, pk: pk === null ? null : bytesOf(pk) };
  }

  save({ id, account, relay, pk }: Twin): void {
    if (!this.#redis.isUp) return;
    const text = JSON.stringify({ account: hexOf(account), relay, pk: pk === null ? null : hexOf(pk) });
    this.#set(KEYS.twin(this.#network, id), text);
  }

  async findOwn(account: Uint8Array): Promise<number | undefined> {
    const id = z.coerce
      .number()
      .int()
      .positive()
      .safeParse(await this.#get(KEYS.ownTwin(this.#network, hexOf(account))));
    return id.success ? id.data : undefined;
  }

  saveOwn(account: Uint8Array, id: number): void {
    this.#set(KEYS.ownTwin(this.#network, hexOf(account)), String(id));
  }

  async #get(key: string): Promise<string | undefined> {
    if (!this.#redis.isUp) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    });
    const value = this.#redis.run((client) => client.get(key)).catch(() => null);
    try {
      return (await Promise.race([value, late])) ?? undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nobody awaits the write: the chain can tell the record again. */
  #set(key: string, value: string): void {
    const expiration = { type: 'EX', value: KEEP } as const;
    this.#redis.run((client) => client.set(key, value, { expiration })).catch(() => undefined);
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
