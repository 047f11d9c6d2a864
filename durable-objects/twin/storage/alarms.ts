import { numberOf, type Sql, textOf } from './sql.ts';

/** The platform's only alarm of an object; times in Unix ms. Each write bills a row. */
export interface PlatformAlarm {
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/** A failed handler runs again after this. Each retry comes after twice as long, up to the last. */
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 600_000;

/**
 * Named alarms over the object's only alarm. Nothing else calls setAlarm, and no constructor arms an alarm: it runs before
 * the alarm's handler, and would postpone it for ever.
 */
export class Alarms<Name extends string> {
  readonly #sql: Sql;
  readonly #platform: PlatformAlarm;
  readonly #names: readonly Name[];
  readonly #failed: (name: Name | undefined, error: unknown) => void;
  #armed: Map<Name, number> | undefined;
  /** The earliest time of a name without a handler here: later code armed it before a rollback. */
  #unknown: number | undefined;
  /** When the platform's alarm was set to since waking. */
  #set: number | undefined;
  /** The platform's alarm, or its row, could not be written: the next call tries again. */
  #hasFailed = false;
  /** Handlers run: the platform's alarm is set when they end. If the object dies before, the platform repeats it. */
  #isRunning = false;
  #revived = false;
  /** Failures in a row of each handler. */
  readonly #failures = new Map<Name, number>();

  /** @param failed reports each failure, without a name if the storage failed */
  constructor(
    sql: Sql,
    platform: PlatformAlarm,
    names: readonly Name[],
    failed: (name: Name | undefined, error: unknown) => void,
  ) {
    this.#sql = sql;
    this.#platform = platform;
    this.#names = names;
    this.#failed = failed;
  }

  /**
   * Arms `name` for `at` (Unix ms). An earlier time that is armed already stays. Never rejects: an alarm comes after the
   * rows that it is for, and its failure must not undo what they say. The next call sets it.
   */
  async arm(name: Name, at: number): Promise<void> {
    await this.#attempt(async () => {
      const armed = this.#load().get(name);
      const isArmed = armed !== undefined && armed <= at;
      if (isArmed && !this.#hasFailed) return;
      if (!isArmed) this.#write(name, at);
      if (this.#hasFailed || at === this.#next()) await this.#settle();
    });
  }

  /**
   * Sets the platform's alarm again, once after waking, if anything is armed. A killed local workerd may forget an alarm;
   * Cloudflare does not. Never rejects.
   */
  async revive(): Promise<void> {
    if (this.#revived && !this.#hasFailed) return;
    this.#revived = true;
    await this.#attempt(() => this.#settle());
  }

  /** Cancels an alarm. Never rejects: the alarm finds nothing to do then. */
  async cancel(name: Name): Promise<void> {
    await this.#attempt(async () => {
      if (!this.#load().has(name)) return;
      this.#forget(name);
      if (this.#next() !== undefined) return await this.#settle();
      this.#set = undefined;
      if (!this.#isRunning) await this.#platform.deleteAlarm();
    });
  }

  /**
   * Runs the handlers whose time has come at `now` (Unix ms). A failed handler runs again later, and so does one whose object
   * died. Never rejects as long as an alarm can be set: the platform stops after some retries, and the mail would then
   * wait until its twin connects.
   */
  async run(now: number, handlers: Record<Name, () => Promise<void>>): Promise<void> {
    this.#isRunning = true;
    // The platform's alarm has fired, so none is set.
    this.#set = undefined;
    try {
      for (const [name, at] of [...this.#load()]) if (at <= now) await this.#runOne(name, now, handlers[name]);
      // Later code may be back by then. Its row stays as it is.
      if (this.#unknown !== undefined && this.#unknown <= now) this.#unknown = now + RETRY_MOST_MS;
      this.#isRunning = false;
      await this.#settle();
    } catch (error) {
      this.#failed(undefined, error);
      // The rows in storage are right, whatever memory holds.
      this.#armed = undefined;
      await this.#platform.setAlarm(now + RETRY_MOST_MS);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Does what may fail with the storage, and reports that. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      // The rows in storage are right, whatever memory holds.
      this.#armed = undefined;
      this.#failed(undefined, error);
    }
  }

  async #runOne(name: Name, now: number, handler: () => Promise<void>): Promise<void> {
    const armed = this.#load();
    // In memory only, so that the handler may arm it again. The row is removed after the handler.
    armed.delete(name);
    try {
      await handler();
      this.#failures.delete(name);
    } catch (error) {
      this.#failed(name, error);
      const failures = this.#failures.get(name) ?? 0;
      this.#failures.set(name, failures + 1);
      this.#write(name, now + Math.min(RETRY_MS * 2 ** failures, RETRY_MOST_MS));
    }
    if (!armed.has(name)) this.#forget(name);
  }

  #load(): Map<Name, number> {
    if (this.#armed !== undefined) return this.#armed;
    this.#armed = new Map();
    this.#unknown = undefined;
    for (const row of this.#sql.exec('SELECT name, due FROM alarm')) {
      const text = textOf(row, 'name');
      const due = numberOf(row, 'due');
      const name = this.#names.find((each) => each === text);
      // A migration removes the rows of a name that the code gives up.
      if (name === undefined) this.#unknown = Math.min(this.#unknown ?? due, due);
      else this.#armed.set(name, due);
    }
    return this.#armed;
  }

  #write(name: Name, at: number): void {
    this.#load().set(name, at);
    this.#sql.exec(
      'INSERT INTO alarm (name, due) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET due = excluded.due',
      name,
      at,
    );
  }

  #forget(name: Name): void {
    this.#load().delete(name);
    this.#sql.exec('DELETE FROM alarm WHERE name = ?', name);
  }

  /** Returns the earliest armed time. */
  #next(): number | undefined {
    const times = [...this.#load().values(), ...(this.#unknown === undefined ? [] : [this.#unknown])];
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Sets the platform's alarm to the earliest armed time, unless it is set to it already. */
  async #settle(): Promise<void> {
    const next = this.#next();
    if (this.#isRunning || next === undefined || next === this.#set) return;
    this.#set = next;
    try {
      await this.#platform.setAlarm(next);
    } catch (error) {
      this.#set = undefined;
      throw error;
    }
  }
}
