import type { Question } from '../messages.ts';
import type { Answer, HeldRequest, Told } from '../ports.ts';
import { giveAnswer } from './answer.ts';
import type { RedisConnection } from './connection.ts';
import { writeReply } from './json.ts';
import type { Moved } from './moved.ts';
import { leaveNote } from './note.ts';
import { MAX_ENTRIES } from './queues.ts';
import { isForbidden } from './refusal.ts';
import { SETTLE } from './scripts.ts';

/** `<order>.<uid>`: by order entries are taken up again as they came. */
const FIELD = /^(\d{16})\.(.+?)(?:#(\d+))?$/;

/** What a field of the hash says. */
export interface FieldParts {
  /** Microseconds since 1970, each once. */
  readonly order: number;
  readonly uid: string;
  /** A place in the list of destinations whose fate is known; undefined for the entry itself. */
  readonly place: number | undefined;
}

/** The field of an entry. */
export function fieldOf(order: number, uid: string): string {
  return `${String(order).padStart(16, '0')}.${uid}`;
}

/** Reads a field; undefined when it is none of ours. */
export function readField(field: string): FieldParts | undefined {
  const [, order, uid, place] = FIELD.exec(field) ?? [];
  if (order === undefined || uid === undefined) return undefined;
  return { order: Number(order), uid, place: place === undefined ? undefined : Number(place) };
}

/** An entry in the peer's hands, kept in a hash of Redis until its fate is known. */
export class HeldEntry implements HeldRequest {
  readonly uid: string;
  readonly size: number;
  readonly takenAt: number;
  readonly settled: ReadonlySet<number>;
  readonly #field: string;
  readonly #key: string;
  readonly #redis: RedisConnection;
  readonly #onEnd: () => void;
  readonly #moved: Moved | undefined;
  readonly #known: Set<number>;
  #text: string;

  /**
   * @param key of the hash
   * @param settled places whose fate is known already
   * @param onEnd called when nothing of it is left
   */
  constructor(
    entry: { text: string; order: number; uid: string; settled: ReadonlySet<number>; moved: Moved | undefined },
    key: string,
    redis: RedisConnection,
    onEnd: () => void,
  ) {
    this.#text = entry.text;
    this.size = entry.text.length;
    this.uid = entry.uid;
    this.takenAt = Math.floor(entry.order / 1e6);
    this.#moved = entry.moved;
    this.settled = entry.settled;
    this.#known = new Set(entry.settled);
    this.#field = fieldOf(entry.order, entry.uid);
    this.#key = key;
    this.#redis = redis;
    this.#onEnd = onEnd;
  }

  /** The entry as it was written; once: from then on it lies in Redis only, however long an answer takes. */
  read(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  async taken(): Promise<void> {
    await this.#moved?.taken();
  }

  async note(uid: string, question: Question): Promise<void> {
    const later = () => this.#redis.run((client) => leaveNote(client, uid, question));
    if (this.#moved?.isOpen !== true) return later();
    const noted = leaveNote(this.#moved.client, uid, question).catch(later);
    this.taken().catch(() => undefined);
    await noted;
  }

  async end(told?: Told): Promise<void> {
    const left = told === undefined ? this.#moved?.leave() : undefined;
    if (left !== undefined) {
      await left;
      return this.#onEnd();
    }
    await this.taken();
    if (told === undefined) {
      await this.#redis.run((client) => client.hDel(this.#key, this.#fields()));
    } else await this.#tell(told.queue, writeReply(told.entry), MAX_ENTRIES, '', this.#fields());
    this.#onEnd();
  }

  async settle(place: number, total: number, told?: Told): Promise<void> {
    await this.taken();
    this.#known.add(place);
    if (this.#known.size >= total) return this.end(told);
    const mark = `${this.#field}#${place}`;
    if (told === undefined) await this.#redis.run((client) => client.hSet(this.#key, mark, ''));
    else await this.#tell(told.queue, writeReply(told.entry), MAX_ENTRIES, mark, []);
  }

  async answer(place: number, total: number, answer: Answer): Promise<boolean> {
    this.#known.add(place);
    const isLast = this.#known.size >= total;
    const fields = isLast ? { mark: '', removed: this.#fields() } : { mark: `${this.#field}#${place}`, removed: [] };
    const isNew = await giveAnswer(this.#redis, answer, { key: this.#key, ...fields });
    if (isLast) this.#onEnd();
    return isNew;
  }

  /** Moves it into a list of its own kind, as `text`. @param most entries that the list keeps, the newest */
  async moveTo(list: string, text: string, most: number): Promise<void> {
    await this.taken();
    await this.#tell(list, text, most, '', this.#fields());
    this.#onEnd();
  }

  async #tell(list: string, text: string, most: number, mark: string, removed: readonly string[]): Promise<void> {
    try {
      await this.#redis.evaluate(SETTLE, [this.#key, list], [text, String(most), this.#field, mark, ...removed]);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // A list that the ACL keeps from us is like one that is no list: nobody can be told there.
      if (mark === '') await this.#redis.run((client) => client.hDel(this.#key, [...removed]));
      else await this.#redis.run((client) => client.hSet(this.#key, mark, ''));
    }
  }

  #fields(): string[] {
    return [this.#field, ...[...this.#known].map((place) => `${this.#field}#${place}`)];
  }
}
