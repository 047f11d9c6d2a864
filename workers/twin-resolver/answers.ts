import type { RpcCall } from '../../chain/json-rpc.ts';
import { messagesOf } from '../../chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';

/**
 * Sends calls together over a connection and gives their results in the same order, or what was wrong with the
 * answers: also when one of the calls is answered with an error, or more than `most` bytes come. Never rejects.
 */
export type Ask = (calls: readonly RpcCall[], most: number) => Promise<Result<readonly unknown[], string>>;

/**
 * Opens a connection to a node's URL for one piece of work, and closes it at its end. The error says what failed,
 * never the URL: its path may hold a key. Never rejects unless `work` does; ends when `signal` aborts.
 */
export type Connect = <T>(
  url: string,
  signal: AbortSignal,
  work: (ask: Ask) => Promise<Result<T, string>>,
) => Promise<Result<T, string>>;

/** Gathers the answers to calls whose ids follow each other. */
export class Answers {
  readonly #firstId: number;
  readonly #results: unknown[];
  readonly #missing: Set<number>;
  #fault: string | undefined;

  constructor(firstId: number, calls: number) {
    this.#firstId = firstId;
    this.#results = Array.from({ length: calls });
    this.#missing = new Set(this.#results.keys());
  }

  /** Takes what a node sent: an answer, or a batch of them. What answers none of our calls is passed over. */
  take(text: string): void {
    for (const message of messagesOf(text)) {
      if (message.kind === 'answer') this.#takeOne(message.outcome, message.id - this.#firstId);
      else if (message.kind === 'refusal') this.#fault ??= message.fault;
    }
  }

  /** All results in the order of the calls, or what was wrong; undefined while answers are missing. */
  get outcome(): Result<readonly unknown[], string> | undefined {
    if (this.#fault !== undefined) return err(this.#fault);
    return this.#missing.size === 0 ? ok(this.#results) : undefined;
  }

  #takeOne(outcome: Result<unknown, string>, place: number): void {
    if (!this.#missing.delete(place)) return;
    if (outcome.ok) this.#results[place] = outcome.value;
    else this.#fault ??= outcome.error;
  }
}
