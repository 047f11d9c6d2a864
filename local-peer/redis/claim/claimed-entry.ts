import type { Question } from '../../bridge/messages.ts';
import type { GivenReply, HeldRequest, HeldResponse, Told } from '../../bridge/ports.ts';
import type { RedisConnection } from '../connection/connection.ts';
import { isForbidden } from '../connection/refusal.ts';
import { type Ending, give, giveReply } from '../give.ts';
import { writeReply } from '../json.ts';
import { forbidden, notAList } from '../queue-fault.ts';
import { KEYS, MAX_ENTRIES, QUEUES, REPLY_LIST_SECONDS } from '../queues.ts';
import { leaveNote } from './note.ts';

/** `<order>.<uid>`: the order keeps entries in sequence after a crash. */
const FIELD = /^(\d{16})\.(.+?)(?:#(\d+))?$/;

/** Seconds for which Redis remembers that a program was told: the command is repeated while Redis is away. */
const TOLD_SECONDS = 120;

/**
 * The place under which a response's sealed envelope is kept, as the value. A response has one destination and needs no
 * marks. A release that does not know this takes it for a mark: it seals the entry again, and removes both.
 */
export const SEALED_PLACE = 1;

/** The source of a relay's report. */
const RELAY = '0';

/** Shared by all entries that have none. */
const NONE_NOTED: string[] = [];

/** Parts of a field of the hash. */
export interface FieldParts {
  /** Microseconds since 1970, each once. */
  readonly order: number;
  /** The order as text: 16 digits. */
  readonly orderText: string;
  readonly uid: string;
  /** A place in the list of destinations whose fate is known; undefined for the entry itself. */
  readonly place: number | undefined;
}

/** The field of an entry. */
export function fieldOf(order: number, uid: string): string {
  // Joined: V8 keeps a template as its pieces, which take half as much again in a memory of thousands.
  return [String(order).padStart(16, '0'), uid].join('.');
}

/** Reads a field; undefined when it is not a field of this peer. */
export function readField(field: string): FieldParts | undefined {
  const [, order, uid, place] = FIELD.exec(field) ?? [];
  if (order === undefined || uid === undefined) return undefined;
  return { order: Number(order), orderText: order, uid, place: place === undefined ? undefined : Number(place) };
}

type Lost = 'reply' | 'malformed entry';

/** Reports of the claimed entries of a queue. */
export interface EntryWatch {
  /** The entry of a field is settled. */
  onEnd(field: string): void;
  /**
   * A list took nothing, and nobody reads `what`. `why` names the key and what to do.
   * @param isFirst of its entry: a request may have a thousand destinations, and one list for their replies
   */
  onLost(
    what: Lost,
    why: string,
    fields: { readonly uid: string; readonly ref?: string | null },
    isFirst: boolean,
  ): void;
}

/** What a claimed entry is made of. */
export interface EntryParts {
  readonly text: string;
  readonly order: number;
  readonly uid: string;
  readonly settled: ReadonlySet<number>;
  /** The envelope that it became before a crash. */
  readonly sealed?: Uint8Array | undefined;
  /** Unix seconds. */
  readonly claimedAt: number;
}

/** A claimed entry. Redis keeps it in a hash until it is settled; the peer's memory keeps its uid, whatever Redis loses. */
export class ClaimedEntry implements HeldRequest, HeldResponse {
  readonly uid: string;
  readonly size: number;
  readonly claimedAt: number;
  readonly settled: ReadonlySet<number>;
  readonly sealed: Uint8Array | undefined;
  readonly #field: string;
  readonly #key: string;
  readonly #redis: RedisConnection;
  readonly #watch: EntryWatch;
  /** Settled places; absent at first, as most entries have one destination: thousands of them may be in memory. */
  #known: Set<number> | undefined;
  /** The uids under which its notes are in Redis. */
  #noted: string[] = NONE_NOTED;
  #isLostTold = false;
  #text: string;

  /** @param place its hash, and its field there */
  constructor(
    entry: EntryParts,
    place: { readonly key: string; readonly field: string },
    redis: RedisConnection,
    watch: EntryWatch,
  ) {
    this.#text = entry.text;
    this.size = entry.text.length;
    this.uid = entry.uid;
    this.claimedAt = entry.claimedAt;
    this.settled = entry.settled;
    this.sealed = entry.sealed;
    this.#field = place.field;
    this.#key = place.key;
    this.#redis = redis;
    this.#watch = watch;
  }

  /** Returns the entry's text, once: from then on only Redis keeps it, however long an answer takes. */
  read(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Keeps requests of other twins out of a list in which a program waits for its replies. */
  async reserve(queue: string): Promise<void> {
    // No command of another twin names any other list.
    if (!queue.startsWith(QUEUES.command(''))) return;
    const expiration = { type: 'EX', value: REPLY_LIST_SECONDS } as const;
    await this.#redis.run((client) => client.set(KEYS.replyList(queue), '', { expiration }));
  }

  async keep({ buffer, byteOffset, length }: Uint8Array): Promise<void> {
    this.#knownPlaces().add(SEALED_PLACE);
    const bytes = Buffer.from(buffer, byteOffset, length);
    await this.#redis.run((client) => client.hSet(this.#key, `${this.#field}#${SEALED_PLACE}`, bytes));
  }

  note(uid: string, question: Question, until: number): Promise<void> {
    if (!this.#noted.includes(uid)) this.#noted = [...this.#noted, uid];
    return this.#redis.run((client) => leaveNote(client, uid, question, until));
  }

  async end(told?: Told): Promise<void> {
    const ending = { key: this.#key, mark: '', removed: this.#fields() };
    // Without an answer its notes stay: one may still come.
    if (told === undefined) await this.#mark(ending);
    else await this.#tell(told, { ...ending, notes: this.#notes() }, 'end');
    this.#watch.onEnd(this.#field);
  }

  async settle(place: number, total: number, told?: Told): Promise<void> {
    if (this.#knownPlaces().add(place).size >= total) return this.end(told);
    const ending = { key: this.#key, mark: `${this.#field}#${place}`, removed: [] };
    if (told === undefined) await this.#mark(ending);
    else await this.#tell(told, ending, String(place));
  }

  async reply(place: number, total: number, reply: GivenReply): Promise<boolean> {
    const isLast = this.#knownPlaces().add(place).size >= total;
    // A twin may reply as often as it likes. What a relay reports is the end: a reply after it would be a second answer.
    const isReport = reply.entry.source === RELAY;
    const fields = isLast
      ? { mark: '', removed: this.#fields(), notes: isReport ? this.#notes() : [] }
      : { mark: `${this.#field}#${place}`, removed: [] };
    const isNew = await giveReply(this.#redis, reply, { key: this.#key, ...fields });
    if (isLast) this.#watch.onEnd(this.#field);
    return isNew;
  }

  /** Moves it into another list, as `text`. @param most entries that the list keeps, the newest */
  async moveTo(list: string, text: string, most: number): Promise<void> {
    const why = await this.#give(list, text, most, { key: this.#key, mark: '', removed: this.#fields() }, 'aside');
    if (why !== undefined) this.#lost('malformed entry', why, { uid: this.uid });
    this.#watch.onEnd(this.#field);
  }

  async #tell({ queue, entry }: Told, ending: Ending, what: string): Promise<void> {
    const why = await this.#give(queue, writeReply(entry), MAX_ENTRIES, ending, what);
    if (why !== undefined) this.#lost('reply', why, { uid: this.uid, ref: entry.ref });
  }

  /** Gives a text once, though its field is gone from Redis. Returns why the list takes nothing: the text is given up then. */
  async #give(list: string, text: string, most: number, ending: Ending, what: string): Promise<string | undefined> {
    const given = { text, most, mark: `told.${this.uid}.${what}`, times: 1, seconds: TOLD_SECONDS, isGivenUp: true };
    try {
      return (await give(this.#redis, list, given, ending)) === 'given up' ? notAList(list) : undefined;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      await this.#mark(ending);
      return forbidden(list);
    }
  }

  async #mark({ mark, removed }: Ending): Promise<void> {
    if (mark === '') await this.#redis.run((client) => client.hDel(this.#key, [...removed]));
    else await this.#redis.run((client) => client.hSet(this.#key, mark, ''));
  }

  #lost(what: Lost, why: string, fields: { readonly uid: string; readonly ref?: string | null }): void {
    this.#watch.onLost(what, why, fields, !this.#isLostTold);
    this.#isLostTold = true;
  }

  #knownPlaces(): Set<number> {
    this.#known ??= new Set(this.settled);
    return this.#known;
  }

  #notes(): string[] {
    return this.#noted.map(QUEUES.backlog);
  }

  #fields(): string[] {
    return [this.#field, ...[...this.#knownPlaces()].map((place) => `${this.#field}#${place}`)];
  }
}
