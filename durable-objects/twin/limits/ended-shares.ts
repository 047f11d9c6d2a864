import { logLine } from '../../log.ts';
import { first, numberOf, type Sql } from '../storage/sql.ts';
import type { RateWindow } from './rate-window.ts';

/** The shares of ended sessions in the current minute. Their sockets are gone, so the sum is a row in SQLite. */
export class EndedShares {
  readonly #sql: Sql;
  readonly #twin: string | undefined;

  /** @param twin for the log */
  constructor(sql: Sql, twin: string | undefined) {
    this.#sql = sql;
    this.#twin = twin;
  }

  /** Returns the sum of a minute; undefined if no session ended in it. */
  read(minute: number): RateWindow | undefined {
    const row = first(this.#sql.exec('SELECT messages, bytes FROM rate_window WHERE minute = ?', minute));
    return row === undefined
      ? undefined
      : { minute, messages: numberOf(row, 'messages'), bytes: numberOf(row, 'bytes') };
  }

  /** Adds a share and removes earlier minutes. Logs a storage failure. */
  add(share: RateWindow): void {
    try {
      this.#write(share);
    } catch (error) {
      // A lost share admits a few messages more. Throwing here would lock the next connection out.
      logLine('error', 'share-not-written', { twin: this.#twin, error: String(error) });
    }
  }

  #write({ minute, messages, bytes }: RateWindow): void {
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
