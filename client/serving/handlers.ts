import { parseAddress } from '../../proto/envelope/address.ts';
import type { Signal } from '../../proto/stream/signal.ts';
import { creditIn, partTags, type StreamPart } from '../../proto/stream/tags.ts';
import type { About, ListedCommand } from '../discovery/command-list.ts';
import { COMMANDS_COMMAND } from '../discovery/commands-plugin.ts';
import type { PeerFault } from '../errors.ts';
import type { Log } from '../ports.ts';
import { MOST_REQUESTS } from '../receiving/repeats.ts';
import type { Clock } from '../session/clock.ts';
import { Idle } from '../status/idle.ts';
import type { Claims, Seen, ServiceRequest } from './durable.ts';
import type { RunHandler, SingleOutcome } from './outcome.ts';
import { type StreamReply, sendReplies } from './reply-stream.ts';
import { MAX_REPLY_SECONDS, type ReplyCustody, type Replying } from './replying.ts';
import { endingText, RunningRequest } from './running.ts';
import { requestKey } from './sent-replies.ts';
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
  readonly running: RunningRequest;
  /** Whether its caller takes several replies. */
  readonly isStream: boolean;
  /** Its reply left, or there is none. */
  answered(custody: Promise<unknown> | undefined): void;
}

/** Serves the requests of other twins with functions of this program. */
export class Handlers implements Claims, Seen {
  /** Whether every request has its reply. */
  readonly idle = new Idle(() => this.#inHand === 0);
  readonly #parts: HandlersParts;
  readonly #handlers = new Map<string, { readonly run: RunHandler; readonly about: About }>();
  readonly #queue: WorkQueue<number, Job>;
  readonly #answered = new WeakMap<ServiceRequest, Promise<unknown>>();
  /** Twin and uid of requests without a last reply. */
  readonly #running = new Map<string, RunningRequest>();
  /** Requests without a reply. */
  #inHand = 0;

  constructor(parts: HandlersParts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.parallel, MAX_WAITING, (job) => this.#guarded(job, this.#serve(job)));
  }

  /** Serves a command from now on. Returns a function that ends it. */
  add(command: string, run: RunHandler, about: About = {}): () => void {
    const service = { run, about };
    this.#handlers.set(command, service);
    return () => {
      if (this.#handlers.get(command) === service) this.#handlers.delete(command);
    };
  }

  /** Returns what is served now. */
  async list(): Promise<readonly ListedCommand[]> {
    await this.#parts.started;
    return [...this.#handlers].map(([name, { about }]) => ({ name, ...about }));
  }

  /** Aborts the work on every request. What it replies all the same is sent; streams end with an error. */
  stop(): void {
    for (const running of this.#running.values()) running.end('closed');
  }

  /** `Serving` remembers the requests of this process: no other memory could know more. */
  async isFirst(): Promise<boolean> {
    return true;
  }

  async give(request: ServiceRequest, twin: number): Promise<'delivered' | PeerFault> {
    const { command } = request;
    const { promise, resolve: answered } = Promise.withResolvers<unknown>();
    this.#answered.set(request, promise);
    const credit = creditIn(request.tags);
    const running = new RunningRequest(credit ?? 1);
    const job = { request, began: performance.now(), running, isStream: credit !== undefined, answered };
    await this.#parts.started;
    if (!this.#handlers.has(command)) {
      this.#inHand += 1;
      void this.#guarded(job, this.#reply(job, { kind: 'error', code: NOT_SERVED, message: notServed(command) }));
      return 'delivered';
    }
    const name = requestKey(twin, request.uid);
    this.#running.set(name, running);
    this.#inHand += 1;
    if (this.#queue.offer(twin, job, sizeOf(request))) return 'delivered';
    this.#inHand -= 1;
    this.#running.delete(name);
    return queueFull(command);
  }

  async signal(signal: Signal, twin: number): Promise<void> {
    // As `give` does: a cancel must not come before its request.
    await this.#parts.started;
    const running = this.#running.get(requestKey(twin, signal.uid));
    if (signal.kind === 'credit') running?.allow(signal.credit);
    else running?.end('cancelled');
  }

  answered(request: ServiceRequest): Promise<unknown> | undefined {
    return this.#answered.get(request);
  }

  async #serve(job: Job): Promise<void> {
    const { request, running, isStream } = job;
    const { now, expiration, command } = request;
    const left = now + expiration - this.#parts.clock.latest();
    const handler = this.#handlers.get(command);
    if (running.endedBy() === 'cancelled') return this.#handled(job, endingText('cancelled'));
    if (left <= 0) return this.#fail(job, 'the service was busy for as long as the caller waited');
    if (handler === undefined) return this.#fail(job, notServed(command));
    const ms = Math.min(left, MAX_REPLY_SECONDS) * 1000;
    running.start(ms);
    const deadline = new Date(Date.now() + ms);
    const outcome = await handler.run(request, { signal: running.signal, deadline, isStream });
    if (outcome.kind === 'stream') return this.#stream(job, outcome.replies);
    if (running.endedBy() === 'cancelled') return this.#handled(job, endingText('cancelled'));
    await (outcome.kind === 'error' ? this.#fail(job, outcome.message, outcome.code) : this.#reply(job, outcome));
  }

  async #stream(job: Job, replies: AsyncIterable<StreamReply, unknown>): Promise<void> {
    if (!job.isStream) {
      await replies[Symbol.asyncIterator]().return?.();
      return this.#fail(job, `'${job.request.command}' has several replies: ask for a stream`);
    }
    const why = await sendReplies(replies, job.running, async (reply, part) => {
      const sent: Reply =
        'error' in reply ? { kind: 'error', code: FAILED, message: reply.error } : { kind: 'response', ...reply };
      const left = await this.#send(job, sent, part);
      return left !== undefined && left.isReplaced !== true;
    });
    this.#handled(job, why);
  }

  #fail(job: Job, message: string, code = FAILED): Promise<void> {
    return this.#reply(job, { kind: 'error', code, message });
  }

  async #reply(job: Job, reply: Reply): Promise<void> {
    await this.#send(job, reply, job.isStream ? { seq: 0, isLast: true } : undefined);
    this.#handled(job, reply.kind === 'error' ? reply.message : undefined);
  }

  async #send({ request, answered }: Job, reply: Reply, part?: StreamPart): Promise<ReplyCustody | undefined> {
    const { uid, source, expiration } = request;
    const left = await this.#parts.replying.send({
      uid,
      timestamp: BigInt(this.#parts.clock.seconds()),
      expiration: BigInt(Math.min(expiration, MAX_REPLY_SECONDS)),
      destination: parseAddress(source) ?? { twin: 0 },
      ...(part === undefined ? {} : { tags: partTags(part) }),
      ...(reply.kind === 'error'
        ? { content: reply }
        : {
            content: { kind: 'response' },
            payload: { kind: 'plain', bytes: reply.data },
            schema: reply.schema ?? schemaFor(request),
          }),
    });
    // Of a stream, the first one: a request that has a reply must not run twice.
    answered(left?.custody);
    return left;
  }

  #handled({ request: { uid, source, command }, began }: Job, error: string | undefined): void {
    this.#parts.onHandled({ uid, source, command, error, ms: performance.now() - began });
  }

  /** A fault of this program in one request must not end the service for all others. */
  async #guarded({ request: { uid, source }, running, answered }: Job, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.log.warn({ uid, error: String(error) }, 'failed to process a request');
    } finally {
      answered(undefined);
      running.done();
      const name = requestKey(parseAddress(source)?.twin ?? 0, uid);
      if (this.#running.get(name) === running) this.#running.delete(name);
      this.#inHand -= 1;
      this.idle.look();
    }
  }
}

/** Names no other command: the caller may not be one to whom they are listed. */
function notServed(command: string): string {
  return `nobody serves '${command}' here: ${COMMANDS_COMMAND} lists what is served`;
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
  | Extract<SingleOutcome, { kind: 'response' }>
  | { readonly kind: 'error'; readonly code: number; readonly message: string };
