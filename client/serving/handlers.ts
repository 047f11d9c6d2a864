import { parseAddress } from '../../proto/envelope/address.ts';
import type { PeerFault } from '../errors.ts';
import type { Log } from '../ports.ts';
import { MOST_REQUESTS } from '../receiving/repeats.ts';
import type { Clock } from '../session/clock.ts';
import { Idle } from '../status/idle.ts';
import type { Claims, Seen, ServiceRequest } from './durable.ts';
import { MAX_REPLY_SECONDS, type Replying } from './replying.ts';
import { WorkQueue } from './work-queue.ts';

/** Requests that wait for a handler, as many as the daemon's queues hold. */
const MAX_WAITING = { items: 10_000, bytes: 64 * 2 ** 20 };
/** Go's client accepts no other, and it is the default of the npm client. */
const DEFAULT_SCHEMA = 'application/json';
/** A longer schema is not repeated in the reply, characters. */
const MAX_SCHEMA = 256;
/** Only this process knows which requests it has served: it takes no more than it can remember, half of one twin. */
export const REMEMBERED = { all: MOST_REQUESTS, each: MOST_REQUESTS / 2 };
const NOT_SERVED = 404;
const FAILED = 500;

/** Reply of a handler: data, or an error with the message that the caller reads. */
export type Outcome =
  | { readonly kind: 'response'; readonly data: Uint8Array; readonly schema?: string }
  /** 500 without a code. */
  | { readonly kind: 'error'; readonly message: string; readonly code?: number };

/** Serves one request. The caller waits for `ms` at most. Never rejects. */
export type RunHandler = (request: ServiceRequest, ms: number) => Promise<Outcome>;

/** Outcome of a request. */
export interface Handled {
  readonly uid: string;
  readonly source: string;
  readonly command: string;
  /** Message of the error reply; undefined after a response. */
  readonly error: string | undefined;
  /** Since the request came. */
  readonly ms: number;
}

/** Parts of the client that handlers need. */
export interface HandlersParts {
  readonly replying: Pick<Replying, 'send'>;
  readonly clock: Clock;
  /** Requests in work at once. */
  readonly parallel: number;
  /** Requests wait until then. */
  readonly started: Promise<void>;
  onHandled(handled: Handled): void;
  readonly log: Log;
}

/** A request that waits for its turn; `began` is the time at which it came, ms. */
interface Job {
  readonly request: ServiceRequest;
  readonly began: number;
  /** Its reply left, or there is none. */
  answered(custody: Promise<unknown> | undefined): void;
}

/** Serves the requests of other twins with functions of this program. */
export class Handlers implements Claims, Seen {
  /** Whether every request has its reply. */
  readonly idle = new Idle(() => this.#inHand === 0);
  readonly #parts: HandlersParts;
  readonly #handlers = new Map<string, RunHandler>();
  readonly #queue: WorkQueue<number, Job>;
  readonly #answered = new WeakMap<ServiceRequest, Promise<unknown>>();
  /** Requests without a reply. */
  #inHand = 0;

  constructor(parts: HandlersParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.parallel, MAX_WAITING, (job) => this.#guarded(job, this.#serve(job)));
  }

  /** Serves a command from now on. Returns a function that ends it. */
  add(command: string, handler: RunHandler): () => void {
    this.#handlers.set(command, handler);
    return () => {
      if (this.#handlers.get(command) === handler) this.#handlers.delete(command);
    };
  }

  /** `Serving` remembers the requests of this process: no other memory could know more. */
  async isFirst(): Promise<boolean> {
    return true;
  }

  async give(request: ServiceRequest, twin: number): Promise<'delivered' | PeerFault> {
    const { command } = request;
    const { promise, resolve: answered } = Promise.withResolvers<unknown>();
    this.#answered.set(request, promise);
    const job = { request, began: performance.now(), answered };
    await this.#parts.started;
    if (!this.#handlers.has(command)) {
      this.#inHand += 1;
      void this.#guarded(job, this.#reply(job, { kind: 'error', code: NOT_SERVED, message: this.#notServed(command) }));
      return 'delivered';
    }
    if (!this.#queue.offer(twin, job, sizeOf(request))) return queueFull(command);
    this.#inHand += 1;
    return 'delivered';
  }

  answered(request: ServiceRequest): Promise<unknown> | undefined {
    return this.#answered.get(request);
  }

  #notServed(command: string): string {
    const served = [...this.#handlers.keys()].map((each) => `'${each}'`).join(', ');
    return `nobody serves '${command}' here${served === '' ? '' : `, only ${served}`}`;
  }

  async #serve(job: Job): Promise<void> {
    const { now, expiration, command } = job.request;
    const left = now + expiration - this.#parts.clock.latest();
    const handler = this.#handlers.get(command);
    if (left <= 0) return this.#fail(job, 'the service was busy for as long as the caller waited');
    if (handler === undefined) return this.#fail(job, this.#notServed(command));
    const outcome = await handler(job.request, Math.min(left, MAX_REPLY_SECONDS) * 1000);
    await (outcome.kind === 'error' ? this.#fail(job, outcome.message, outcome.code) : this.#reply(job, outcome));
  }

  #fail(job: Job, message: string, code = FAILED): Promise<void> {
    return this.#reply(job, { kind: 'error', code, message });
  }

  async #reply({ request, began, answered }: Job, reply: Reply): Promise<void> {
    const { uid, source, command, expiration } = request;
    const left = await this.#parts.replying.send({
      uid,
      timestamp: BigInt(this.#parts.clock.seconds()),
      expiration: BigInt(Math.min(expiration, MAX_REPLY_SECONDS)),
      destination: parseAddress(source) ?? { twin: 0 },
      ...(reply.kind === 'error'
        ? { content: reply }
        : {
            content: { kind: 'response' },
            payload: { kind: 'plain', bytes: reply.data },
            schema: reply.schema ?? schemaFor(request),
          }),
    });
    answered(left?.custody);
    const error = reply.kind === 'error' ? reply.message : undefined;
    this.#parts.onHandled({ uid, source, command, error, ms: performance.now() - began });
  }

  /** A fault of this program in one request must not end the service for all others. */
  async #guarded({ request: { uid }, answered }: Job, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.log.warn({ uid, error: String(error) }, 'failed to process a request');
    } finally {
      answered(undefined);
      this.#inHand -= 1;
      this.idle.look();
    }
  }
}

function queueFull(command: string): PeerFault {
  const why = 'its service does not keep up, or is not there';
  return { reason: 'queue-full', detail: `the queue of '${command}' is full: ${why}; try again later` };
}

/** Returns the schema of a response: that of its request, where it can be repeated. */
function schemaFor({ schema }: ServiceRequest): string {
  const isRepeated = schema !== null && schema !== '' && schema.length <= MAX_SCHEMA;
  return isRepeated ? schema : DEFAULT_SCHEMA;
}

/** Returns roughly what a request takes of memory, bytes. */
function sizeOf({ data, uid, source, tags, schema }: ServiceRequest): number {
  return data.length + uid.length + source.length + (tags ?? '').length + (schema ?? '').length;
}

/** A response, or an error with its code. */
type Reply =
  | { readonly kind: 'response'; readonly data: Uint8Array; readonly schema?: string }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };
