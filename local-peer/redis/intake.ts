import { faultError } from '../faults.ts';
import type { Log, Programs } from '../ports.ts';
import { refusal, type Upstream } from '../upstream.ts';
import { readRequest, readResponse } from './json.ts';
import { QUEUES } from './queues.ts';

/** So often the loop looks whether it should end. */
const WAIT_SECONDS = 1;
const RETRY_MS = 500;
/** Entries worked on at once: enough to keep the relay busy, few enough to lose little with the process. */
const MOST_AT_ONCE = 64;

/** What the intake reads from. */
export interface EntrySource {
  pop(keys: readonly string[], seconds: number): Promise<{ key: string; entry: string } | undefined>;
}

/** Takes entries from Redis as they come, and hands them to the core. */
export class Intake {
  readonly #source: EntrySource;
  readonly #upstream: Upstream;
  readonly #programs: Programs;
  readonly #log: Log;
  readonly #work = new Set<Promise<void>>();
  #isStopping = false;

  constructor(parts: { source: EntrySource; upstream: Upstream; programs: Programs; log: Log }) {
    this.#source = parts.source;
    this.#upstream = parts.upstream;
    this.#programs = parts.programs;
    this.#log = parts.log;
  }

  /** Runs until `stop`; ends when what it took has been dealt with. */
  async run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        const popped = await this.#source.pop([QUEUES.responses, QUEUES.requests], WAIT_SECONDS);
        if (popped !== undefined) this.#begin(popped);
      } catch (error) {
        if (this.#isStopping) break;
        this.#log.warn({ error: messageOf(error) }, 'Redis: cannot read, trying again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      if (this.#work.size >= MOST_AT_ONCE) await Promise.race(this.#work);
    }
    await Promise.all(this.#work);
  }

  stop(): void {
    this.#isStopping = true;
  }

  #begin({ key, entry }: { key: string; entry: string }): void {
    const work = (key === QUEUES.requests ? this.#request(entry) : this.#response(entry))
      .catch((error: unknown) => this.#log.error({ queue: key, error: messageOf(error) }, 'failed to process an entry'))
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #request(entry: string): Promise<void> {
    const request = readRequest(entry);
    if (request.ok) return this.#upstream.request(request.value);
    const { fault, replyTo } = request.error;
    const error = faultError(fault);
    this.#log.warn({ ref: replyTo?.ref, code: error.code }, `refused a request: ${error.message}`);
    if (replyTo !== undefined) await this.#programs.deliverReply(replyTo.queue, refusal(replyTo.ref, error));
  }

  async #response(entry: string): Promise<void> {
    const response = readResponse(entry);
    if (response.ok) return this.#upstream.response(response.value);
    this.#log.warn(
      { code: faultError(response.error.fault).code },
      `refused a response: ${faultError(response.error.fault).message}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
