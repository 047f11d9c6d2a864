import { faultError } from '../faults.ts';
import type { Log } from '../ports.ts';
import type { CountEvent } from '../state.ts';
import { refusal, type Upstream } from '../upstream.ts';
import type { ClaimedEntry } from './claimed-entry.ts';
import { type BadEntry, readRequest, readResponse } from './json.ts';
import { KEYS, MAX_MALFORMED, MAX_MALFORMED_LENGTH, QUEUES } from './queues.ts';

/** Reads what programs and services wrote, and hands it to the core; what nobody can read is put aside. */
export class Entries {
  readonly #upstream: Upstream;
  readonly #log: Log;
  readonly #count: CountEvent;

  constructor(parts: { upstream: Upstream; log: Log; count: CountEvent }) {
    this.#upstream = parts.upstream;
    this.#log = parts.log;
    this.#count = parts.count;
  }

  async request(held: ClaimedEntry): Promise<void> {
    this.#count('request-taken');
    const text = held.read();
    const request = readRequest(text);
    if (request.ok) {
      await held.reserve(request.value.replyTo);
      return this.#upstream.request(request.value, held);
    }
    const { replyTo, fault } = request.error;
    if (replyTo !== undefined && !held.settled.has(0)) {
      // As if it had two destinations: one is told, the other is the list of what nobody can read.
      await held.settle(0, 2, { queue: replyTo.queue, entry: refusal(replyTo.ref, faultError(fault)) });
    }
    await this.#putAside(held, text, QUEUES.requests, request.error);
  }

  async response(held: ClaimedEntry): Promise<void> {
    this.#count('response-taken');
    const text = held.read();
    const response = readResponse(text);
    if (response.ok) return this.#upstream.response(response.value, held);
    await this.#putAside(held, text, QUEUES.responses, response.error);
  }

  async #putAside(held: ClaimedEntry, text: string, queue: string, { fault, replyTo }: BadEntry): Promise<void> {
    const { code, message } = faultError(fault);
    const what = queue === QUEUES.requests ? 'request' : 'response';
    this.#count('entry-malformed', what);
    this.#log.warn({ ref: replyTo?.ref, code, list: KEYS.malformed }, `refused a ${what}: ${message}`);
    const entry = text.slice(0, MAX_MALFORMED_LENGTH);
    await held.moveTo(
      KEYS.malformed,
      JSON.stringify({ at: held.claimedAt, queue, reason: message, entry }),
      MAX_MALFORMED,
    );
  }
}
