import { hash, randomUUID } from 'node:crypto';
import type { RedisClient } from './connection.ts';

/** An entry that was moved is named by its text, up to so many characters: that travels to Redis once more. */
const MOST_NAMED = 4_096;
/** Turns of the event loop that it may be worked on before it is taken. What was sent at once is through by then. */
const TURNS = 2;

/**
 * The uid of an entry that Redis has moved: it follows from the entry and from a salt that Redis had before, so that
 * it is the same after a crash, and of no other entry, whatever became of Redis meanwhile. TAKE does the same.
 */
export function uidOf(salt: string, text: string): string {
  const sum = hash('sha1', salt + text, 'hex');
  return `${sum.slice(0, 8)}-${sum.slice(8, 12)}-${sum.slice(12, 16)}-${sum.slice(16, 20)}-${sum.slice(20, 32)}`;
}

/** What a salt begins with: when the peer began to wait for what is moved, microseconds since 1970. */
const SALTED_AT = /^(\d+)\./;

/** A new salt. @param order microseconds since 1970 */
export function saltAt(order: number): string {
  return `${order}.${randomUUID()}`;
}

/** When the peer began to wait, by the salt that Redis has; undefined when that does not say. */
export function orderOf(salt: string): number | undefined {
  const [, order] = SALTED_AT.exec(salt) ?? [];
  return order === undefined ? undefined : Number(order);
}

/** Whether the text says which entry is meant. Bytes that are no UTF-8 have become others on their way. */
export function isNamedBy(text: string): boolean {
  return text !== '' && text.length <= MOST_NAMED && !text.includes('\uFFFD');
}

/**
 * An entry that Redis has moved out of its queue: after a crash it is found there, under the same uid. So it may leave
 * at once, and is put into our hands behind that; or, when it is dealt with by then, forgotten where it is.
 */
export class Moved {
  readonly text: string;
  readonly uid: string;
  /** What is given to Redis here while it is open comes in the same write as the taking. */
  readonly client: RedisClient;
  readonly #fate = Promise.withResolvers<'taken' | 'left'>();
  readonly #done = Promise.withResolvers<void>();
  #isOpen = true;

  /** @param text by which it is known @param client that waited for it */
  constructor(text: string, uid: string, client: RedisClient) {
    this.text = text;
    this.uid = uid;
    this.client = client;
    // Whoever works on it learns it when it matters.
    this.#done.promise.catch(() => undefined);
  }

  /** Whether nobody has said yet what shall become of it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What shall become of it, in a few turns of the event loop at most. */
  async fate(): Promise<'taken' | 'left'> {
    for (let turn = 0; turn < TURNS && this.#isOpen; turn += 1) {
      await Promise.race([this.#fate.promise, new Promise((resolve) => setImmediate(resolve))]);
    }
    this.#decide('taken');
    return this.#fate.promise;
  }

  /** Resolves when it is in our hands. */
  taken(): Promise<void> {
    this.#decide('taken');
    return this.#done.promise;
  }

  /** Nothing is left to do for it. Resolves when Redis has forgotten it; undefined when it comes into our hands. */
  leave(): Promise<void> | undefined {
    if (!this.#isOpen) return undefined;
    this.#decide('left');
    return this.#done.promise;
  }

  /** What was to become of it has. */
  settle(): void {
    this.#done.resolve();
  }

  /** Redis refuses it. */
  fail(error: unknown): void {
    this.#done.reject(error);
  }

  #decide(fate: 'taken' | 'left'): void {
    this.#isOpen = false;
    this.#fate.resolve(fate);
  }
}
