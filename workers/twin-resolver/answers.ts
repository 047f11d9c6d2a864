import type { RpcCall } from '../../proto/chain/json-rpc.ts';
import { messagesOf } from '../../proto/chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';

/**
 * Sends calls together over a connection. Resolves with their results in the same order, or with what was wrong: an error
 * for one of the calls, or more than `most` bytes. Never rejects.
 */
export type Ask = (calls: readonly RpcCall[], most: number) => Promise<Result<readonly unknown[], string>>;

/**
 * Opens a connection to a node's URL for one piece of work, and closes it afterwards. The error says what failed, but not
 * the URL, whose path may hold a key. Rejects only if `work` does; ends when `signal` aborts.
 */
export type Connect = <T>(
  url: string,
  signal: AbortSignal,
  work: (ask: Ask) => Promise<Result<T, string>>,
) => Promise<Result<T, string>>;

/** Returns the fault of a node whose answer is longer than its bound. */
export function tooLong(most: number): string {
  return `its answer is over ${most} bytes`;
}

/** Returns whether a fault is that of `tooLong`. */
export function isTooLong(fault: string): boolean {
  return /^its answer is over \d+ bytes$/.test(fault);
}

/** Collects the answers to calls with consecutive ids. */
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

  /** Takes a message of a node: an answer, or a batch of them. Other messages are ignored. */
  take(text: string): void {
    for (const message of messagesOf(text)) {
      if (message.kind === 'answer') this.#takeOne(message.outcome, message.id - this.#firstId);
      else if (message.kind === 'refusal') this.#fault ??= message.fault;
    }
  }

  /** Returns all results in the order of the calls, or what was wrong; undefined while answers are missing. */
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
