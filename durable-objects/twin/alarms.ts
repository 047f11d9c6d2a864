import { numberOf, type Sql, textOf } from './sql.ts';

/** The platform's one alarm of an object; times in Unix milliseconds. */
export interface PlatformAlarm {
  setAlarm(at: number): Promise<void>;
  deleteAlarm(): Promise<void>;
}

/**
 * Named alarms over the one alarm that the platform gives an object. Nothing else calls setAlarm, and
 * nothing arms one in a constructor: that runs before the alarm's handler and would push it away for ever.
 */
export class Alarms<Name extends string> {
  readonly #sql: Sql;
  readonly #platform: PlatformAlarm;
  readonly #names: readonly Name[];
  #due: Map<Name, number> | undefined;
  #revived = false;

  constructor(sql: Sql, platform: PlatformAlarm, names: readonly Name[]) {
    this.#sql = sql;
    this.#platform = platform;
    this.#names = names;
  }

  /** Arms `name` for `at` (Unix ms); an earlier time already armed stays. */
  async arm(name: Name, at: number): Promise<void> {
    const due = this.#load();
    const armed = due.get(name);
    if (armed !== undefined && armed <= at) return;
    due.set(name, at);
    this.#sql.exec(
      'INSERT INTO alarm (name, due) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET due = excluded.due',
      name,
      at,
    );
    if (at === Math.min(...due.values())) await this.#platform.setAlarm(at);
  }

  /**
   * Sets the platform's alarm again, once after waking, when anything is armed. workerd on one's own machine may
   * forget an alarm when it is killed; Cloudflare does not.
   */
  async revive(): Promise<void> {
    if (this.#revived) return;
    this.#revived = true;
    if (this.#load().size > 0) await this.#settle();
  }

  /** Takes an alarm back. */
  async cancel(name: Name): Promise<void> {
    if (!this.#load().has(name)) return;
    this.#forget(name);
    await this.#settle();
  }

  /**
   * Runs what is due at `now` (Unix ms). What succeeded is forgotten unless it armed itself again; what failed stays
   * armed, and so does what an object that died was running. Failures are thrown together at the end, so that the
   * platform retries.
   */
  async run(now: number, handlers: Record<Name, () => Promise<void>>): Promise<void> {
    const failures: unknown[] = [];
    const due = this.#load();
    for (const [name, at] of [...due]) {
      if (at > now) continue;
      // In memory only, so that its handler may arm it anew; the row goes once the handler is through.
      due.delete(name);
      try {
        await handlers[name]();
        if (!due.has(name)) this.#forget(name);
      } catch (failure) {
        failures.push(failure);
        due.set(name, Math.min(at, due.get(name) ?? at));
      }
    }
    await this.#settle();
    if (failures.length > 0) throw new AggregateError(failures, 'alarms failed');
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

  #forget(name: Name): void {
    this.#load().delete(name);
    this.#sql.exec('DELETE FROM alarm WHERE name = ?', name);
  }

  async #settle(): Promise<void> {
    const times = [...this.#load().values()];
    if (times.length === 0) await this.#platform.deleteAlarm();
    else await this.#platform.setAlarm(Math.min(...times));
  }
}
