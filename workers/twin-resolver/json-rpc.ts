import { hexToBytes } from '@noble/hashes/utils.js';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';

const MAX_QUOTE = 120;

/** A JSON-RPC call. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

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

/** The text of a call. */
export function encodeCall({ method, params }: RpcCall, id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: said by the caller
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a node wrote, fit for a log line: printable, and short. */
function quote(value: unknown): string {
  return String(typeof value === 'string' ? value : '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_QUOTE);
}

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
    const message = parse(text);
    for (const answer of Array.isArray(message) ? message : [message]) {
      if (isRecord(answer) && typeof answer.id === 'number') this.#takeOne(answer, answer.id - this.#firstId);
      // A batch that the node refused as a whole is answered with an error without an id.
      else if (isRecord(answer) && answer.id === null && isRecord(answer.error)) this.#fail(answer.error);
    }
  }

  /** All results in the order of the calls, or what was wrong; undefined while answers are missing. */
  get outcome(): Result<readonly unknown[], string> | undefined {
    if (this.#fault !== undefined) return err(this.#fault);
    return this.#missing.size === 0 ? ok(this.#results) : undefined;
  }

  #takeOne({ error, result }: Record<string, unknown>, place: number): void {
    if (!this.#missing.delete(place)) return;
    if (isRecord(error)) this.#fail(error);
    else if (result === undefined) this.#fault ??= 'its answer is not JSON-RPC';
    else this.#results[place] = result;
  }

  #fail(error: Record<string, unknown>): void {
    this.#fault ??= `error ${Number(error.code)} ${quote(error.message)}`.trimEnd();
  }
}

/** A stored value: its bytes, undefined where nothing is stored. */
export function bytesOf(result: unknown): Result<Uint8Array | undefined, string> {
  if (result === null) return ok(undefined);
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return err('its result is not 0x hex');
  return ok(hexToBytes(result.slice(2)));
}
