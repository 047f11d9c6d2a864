import { numberOf, type Sql, textOf } from './sql.ts';

/** The platform's one alarm of an object; times in Unix milliseconds. Each write bills a row. */
export interface PlatformAlarm {
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/** What failed comes again after so long, each time after twice as long, up to the last (ms). */
const RETRY_MS = 5_000;
const RETRY_MOST_MS = 600_000;

/**
 * Named alarms over the one alarm that the platform gives an object. Nothing else calls setAlarm, and
 * nothing arms one in a constructor: that runs before the alarm's handler and would push it away for ever.
 */
export class Alarms<Name extends string> {
  readonly #sql: Sql;
  readonly #platform: PlatformAlarm;
  readonly #names: readonly Name[];
  readonly #failed: (name: Name | undefined, error: unknown) => void;
  #due: Map<Name, number> | undefined;
  /** The platform's alarm, as far as it was set since waking. */
  #set: number | undefined;
  /** Handlers are under way: the platform's alarm is set once they are through, and comes again should they not be. */
  #isRunning = false;
  #revived = false;
  /** How often in a row each has failed. */
  readonly #failures = new Map<Name, number>();

  /** @param failed is told of each failure; without a name when it is the storage's own */
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

  /** Arms `name` for `at` (Unix ms); an earlier time already armed stays. */
  async arm(name: Name, at: number): Promise<void> {
    const armed = this.#load().get(name);
    if (armed !== undefined && armed <= at) return;
    this.#write(name, at);
    if (at === this.#next()) await this.#settle();
  }

  /**
   * Sets the platform's alarm again, once after waking, when anything is armed. workerd on one's own machine may
   * forget an alarm when it is killed; Cloudflare does not.
   */
  async revive(): Promise<void> {
    if (this.#revived) return;
    this.#revived = true;
    await this.#settle();
  }

  /** Takes an alarm back. */
  async cancel(name: Name): Promise<void> {
    if (!this.#load().has(name)) return;
    this.#forget(name);
    if (this.#next() !== undefined) return await this.#settle();
    this.#set = undefined;
    if (!this.#isRunning) await this.#platform.deleteAlarm();
  }

  /**
   * Runs what is due at `now` (Unix ms). What succeeded is forgotten unless it armed itself again; what failed comes
   * again later, and so does what an object that died was running. Never throws as long as an alarm can be set: the
   * platform gives up after some retries, and what waits here would wait until its twin connects.
   */
  async run(now: number, handlers: Record<Name, () => Promise<void>>): Promise<void> {
    this.#isRunning = true;
    // It has rung: it is none any more.
    this.#set = undefined;
    try {
      for (const [name, at] of [...this.#load()]) if (at <= now) await this.#runOne(name, now, handlers[name]);
      this.#isRunning = false;
      await this.#settle();
    } catch (error) {
      this.#failed(undefined, error);
      // What counts is what stands in storage.
      this.#due = undefined;
      await this.#platform.setAlarm(now + RETRY_MOST_MS);
    } finally {
      this.#isRunning = false;
    }
  }

  async #runOne(name: Name, now: number, handler: () => Promise<void>): Promise<void> {
    const due = this.#load();
    // In memory only, so that its handler may arm it anew; the row goes once the handler is through.
    due.delete(name);
    try {
      await handler();
      this.#failures.delete(name);
    } catch (error) {
      this.#failed(name, error);
      const failures = this.#failures.get(name) ?? 0;
      this.#failures.set(name, failures + 1);
      this.#write(name, now + Math.min(RETRY_MS * 2 ** failures, RETRY_MOST_MS));
    }
    if (!due.has(name)) this.#forget(name);
  }

  #load(): Map<Name, number> {
    if (this.#due !== undefined) return this.#due;
    this.#due = new Map();
    for (const row of this.#sql.exec('SELECT name, due FROM alarm')) {
      const text = textOf(row, 'name');
      // A name that only older code knew has nobody to run it.
      const name = this.#names.find((each) => each === text);
      if (name !== undefined) this.#due.set(name, numberOf(row, 'due'));
    }
    return this.#due;
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

  /** The earliest of what is armed. */
  #next(): number | undefined {
    const times = [...this.#load().values()];
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Sets the platform's alarm to the earliest, if it is not there already. */
  async #settle(): Promise<void> {
    const next = this.#next();
    if (this.#isRunning || next === undefined || next === this.#set) return;
    this.#set = next;
    await this.#platform.setAlarm(next);
  }
}
