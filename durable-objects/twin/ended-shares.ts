import type { RateWindow } from './rate-window.ts';
import { first, numberOf, type Sql } from './sql.ts';

/** What sessions that have ended sent in the current minute: a socket's share cannot stay on a socket that is gone. */
export class EndedShares {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  read(minute: number): RateWindow | undefined {
    const row = first(this.#sql.exec('SELECT messages, bytes FROM rate_window WHERE minute = ?', minute));
    return row === undefined
      ? undefined
      : { minute, messages: numberOf(row, 'messages'), bytes: numberOf(row, 'bytes') };
  }

  /** Adds a share; minutes that are over go. */
  add({ minute, messages, bytes }: RateWindow): void {
    this.#sql.exec('DELETE FROM rate_window WHERE minute < ?', minute);
    this.#sql.exec(
      `INSERT INTO rate_window (minute, messages, bytes) VALUES (?, ?, ?)
        ON CONFLICT (minute) DO UPDATE SET messages = messages + excluded.messages, bytes = bytes + excluded.bytes`,
      minute,
      messages,
      bytes,
    );
  }
}
