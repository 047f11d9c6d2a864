import type { Log, PartState } from '../../../client/ports.ts';
import type { Refusal } from './refusal.ts';
import { Refusals } from './refusals.ts';

/** Why Redis does not count as up; another `cause` is another line in the log. */
interface Trouble {
  readonly cause: string;
  readonly detail: string;
}

/** Refusals and silence come together, and follow each other: they share one line in the log. */
const UNWELL = 'unwell';

/** State of a Redis, for operators: reports each change, and logs each trouble once. */
export class RedisCondition {
  readonly #log: Log;
  readonly #onState: (state: PartState) => void;
  readonly #refusals = new Refusals();
  /** Connections that do not answer, or were dropped for it and are not ready again. */
  readonly #silent = new Set<unknown>();
  /** Why there is no connection. */
  #loss: string | undefined = 'not connected yet';
  #trouble: Trouble | undefined = { cause: '', detail: 'not connected yet' };
  #wasUp = false;
  #isClosed = false;

  constructor(log: Log, onState: (state: PartState) => void) {
    this.#log = log;
    this.#onState = onState;
  }

  get isUp(): boolean {
    return this.#trouble === undefined;
  }

  /** Whether this Redis has ever worked. */
  get wasUp(): boolean {
    return this.#wasUp;
  }

  /** Returns whether a new connection may end what Redis refuses. */
  get needsNewConnection(): boolean {
    return this.#refusals.told(performance.now())?.isDialledAgain ?? false;
  }

  lost(why: string): void {
    this.#loss = why;
    this.look();
  }

  connected(): void {
    this.#loss = undefined;
    this.#refusals.loggedIn();
    this.look();
  }

  silent(connection: unknown): void {
    this.#silent.add(connection);
    this.look();
  }

  heard(connection: unknown): void {
    if (this.#silent.delete(connection)) this.look();
  }

  /**
   * @param work as an operator knows it
   * @param key who tries it: thousands may try the same work at once
   * @param since when it was asked for, ms on the clock of `performance`; absent: now
   */
  refused(work: string, key: unknown, refusal: Refusal, since?: number): void {
    if (this.#refusals.add(work, key, refusal, performance.now(), since)) this.look();
  }

  passed(key: unknown): void {
    if (this.#refusals.delete(key)) this.look();
  }

  /** Reports nothing any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Reports changes, also those that only time brings. */
  look(): void {
    if (this.#isClosed) return;
    const before = this.#trouble;
    const trouble = this.#troubleNow();
    this.#trouble = trouble;
    this.#wasUp ||= trouble === undefined;
    if (before?.detail === trouble?.detail) return;
    if (before?.cause !== trouble?.cause) this.#write(trouble);
    this.#onState({ isUp: trouble === undefined, detail: trouble?.detail ?? '' });
  }

  #write(trouble: Trouble | undefined): void {
    const what = this.#loss === undefined ? 'not ready' : 'not connected';
    if (trouble === undefined) this.#log.info({}, 'Redis: ready');
    else this.#log.warn({ error: trouble.detail }, `Redis: ${what}, trying again`);
  }

  #troubleNow(): Trouble | undefined {
    if (this.#loss !== undefined) return { cause: this.#loss, detail: this.#loss };
    // A script that keeps Redis busy also silences blocking connections: the refusal says more.
    const told = this.#refusals.told(performance.now());
    if (told !== undefined) return { cause: UNWELL, detail: told.detail };
    return this.#silent.size > 0 ? { cause: UNWELL, detail: 'no answer for 5 s or longer' } : undefined;
  }
}
