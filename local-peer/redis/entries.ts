import { faultError } from '../../client/errors.ts';
import type { Log } from '../../client/ports.ts';
import type { CountEvent } from '../bridge/events.ts';
import { refusal } from '../bridge/messages.ts';
import type { Requests } from '../bridge/requests.ts';
import type { Responses } from '../bridge/responses.ts';
import type { ClaimedEntry } from './claim/claimed-entry.ts';
import { type BadEntry, readRequest, readResponse } from './json.ts';
import { KEYS, MAX_MALFORMED, MAX_MALFORMED_LENGTH, QUEUES } from './queues.ts';

/** Parses entries of programs and services and hands them to the bridge; malformed ones are moved aside. */
export class Entries {
  readonly #requests: Requests;
  readonly #responses: Responses;
  readonly #log: Log;
  readonly #count: CountEvent;

  constructor(parts: { requests: Requests; responses: Responses; log: Log; count: CountEvent }) {
    this.#requests = parts.requests;
    this.#responses = parts.responses;
    this.#log = parts.log;
    this.#count = parts.count;
  }

  async request(held: ClaimedEntry): Promise<void> {
    this.#count('request-taken');
    const text = held.read();
    const request = readRequest(text);
    if (request.ok) {
      await held.reserve(request.value.replyTo);
      return this.#requests.request(request.value, held);
    }
    const { replyTo, fault } = request.error;
    if (replyTo !== undefined && !held.settled.has(0)) {
      // As with two destinations: one is the program, the other is the list of malformed entries.
      await held.settle(0, 2, { queue: replyTo.queue, entry: refusal(replyTo.ref, faultError(fault)) });
    }
    await this.#putAside(held, text, QUEUES.requests, request.error);
  }

  async response(held: ClaimedEntry): Promise<void> {
    this.#count('response-taken');
    const text = held.read();
    const response = readResponse(text);
    if (response.ok) return this.#responses.response(response.value, held);
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
