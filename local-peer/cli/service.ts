import { parseAddress } from '../../proto/address.ts';
import type { Envelope } from '../../proto/envelope.ts';
import type { Admission } from '../admission.ts';
import { SentAnswers } from '../answers.ts';
import { faultError, isToldInstead } from '../faults.ts';
import { Lanes } from '../lanes.ts';
import type { CommandEntry } from '../messages.ts';
import { versionPlugin } from '../plugins/version.ts';
import type { Delivery, Log } from '../ports.ts';
import { MOST_REQUESTS } from '../repeats.ts';
import { Serving } from '../serving.ts';
import type { CommandFailure } from './failure.ts';
import type { Outcome } from './service-program.ts';
import type { Session } from './session.ts';
import { WorkQueue } from './work-queue.ts';

/** A repeated request gets its reply again within this time, seconds. */
const AGAIN_SECONDS = 60;
/** No program runs longer, and no reply is of use longer, seconds: the most that a peer gives a message. */
const MAX_SECONDS = 1800;
/** What the daemon's queues hold. */
const MAX_WAITING = { items: 10_000, bytes: 64 * 2 ** 20 };
/** Go's client accepts no other, and it is the default of the npm client. */
const DEFAULT_SCHEMA = 'application/json';
/** A longer schema is not repeated in the reply, characters. */
const MAX_SCHEMA = 256;
/** This process alone knows which requests it has served: it takes no more than it can remember, half of them of one twin. */
const REMEMBERED = { all: MOST_REQUESTS, each: MOST_REQUESTS / 2 };
const NOT_SERVED = 404;
const FAILED = 500;

/** What a service is made of. */
export interface ServiceParts {
  readonly session: Session;
  readonly command: string;
  /** Requests in work at once. */
  readonly parallel: number;
  /** Who may call. */
  readonly admission: Admission;
  /** Serves one request, of which nobody waits for the reply after `ms`. Never rejects. */
  handle(request: CommandEntry, ms: number): Promise<Outcome>;
  onServed(served: Served): void;
  readonly log: Log;
}

/** What became of a request. */
export interface Served {
  readonly uid: string;
  readonly source: string;
  readonly command: string;
  /** The message of the error reply; undefined after a response. */
  readonly error: string | undefined;
  readonly ms: number;
}

/** A request that waits for its turn. */
interface Job {
  readonly request: CommandEntry;
  /** When it came, ms. */
  readonly began: number;
}

/** Serves the requests of other twins for one command. The daemon's rules decide which requests are served, and how often. */
export class Service {
  readonly #parts: ServiceParts;
  readonly #serving: Serving;
  readonly #queue: WorkQueue<number, Job>;
  readonly #answers = new SentAnswers();
  /** By sending twin, as in the daemon: requests of one twin begin in order. */
  readonly #lanes = new Lanes<number>();

  constructor(parts: ServiceParts) {
    const { session, parallel, admission, log } = parts;
    this.#parts = parts;
    this.#queue = new WorkQueue(parallel, MAX_WAITING, (job) => this.#guarded(job.request.uid, this.#serve(job)));
    this.#serving = new Serving(session.own, {
      protocol: session.protocol,
      programs: {
        // `Serving` knows the repeats; nothing else of this process could.
        isFirst: async () => true,
        deliverCommand: async (request, twin) => this.#take({ request, began: performance.now() }, twin),
      },
      upstream: { reply: (envelope) => this.#send(envelope), again: (uid, twin) => this.#again(uid, twin) },
      clock: session.clock,
      plugins: [versionPlugin],
      admission,
      hasKey: async (twin) => (await session.chain.twins.get(twin))?.key.kind !== 'absent',
      remembered: REMEMBERED,
      log,
      count: () => undefined,
    });
    session.listen({
      receive: (envelope) => this.#receive(envelope),
      refused: ({ uid, destination }, failure) => {
        const lost = { uid, destination, expiration: BigInt(MAX_SECONDS), timestamp: BigInt(session.clock.seconds()) };
        void this.#guarded(uid, this.#refuse(lost, failure));
      },
    });
  }

  async #receive(envelope: Envelope): Promise<void> {
    if (envelope.content?.kind !== 'request') return;
    const source = envelope.source?.twin ?? 0;
    const served = this.#lanes.run(source, (turn) => this.#serving.request(envelope, source, turn));
    await this.#guarded(envelope.uid, served);
  }

  /** A fault of ours in one request must not end the service for all others. */
  async #guarded(uid: string, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.log.warn({ uid, error: String(error) }, 'failed to process a request');
    }
  }

  #take(job: Job, twin: number): Delivery {
    const { command } = job.request;
    if (command === this.#parts.command) {
      return this.#queue.offer(twin, job, sizeOf(job.request)) ? 'delivered' : 'full';
    }
    const message = `nobody serves '${command}' here, only '${this.#parts.command}'`;
    void this.#guarded(job.request.uid, this.#answer(job, { kind: 'error', code: NOT_SERVED, message }));
    return 'delivered';
  }

  async #serve(job: Job): Promise<void> {
    const { session, handle } = this.#parts;
    const { now, expiration } = job.request;
    const left = now + expiration - session.clock.latest();
    const outcome: Outcome =
      left > 0
        ? await handle(job.request, Math.min(left, MAX_SECONDS) * 1000)
        : { kind: 'error', message: 'the service was busy for as long as the caller waited' };
    await this.#answer(job, outcome.kind === 'answer' ? outcome : { ...outcome, code: FAILED });
  }

  async #answer({ request, began }: Job, reply: Reply): Promise<void> {
    const { uid, source, command, schema, expiration } = request;
    const isOwnSchema = schema !== null && schema !== '' && schema.length <= MAX_SCHEMA;
    await this.#send({
      uid,
      timestamp: BigInt(this.#parts.session.clock.seconds()),
      expiration: BigInt(Math.min(expiration, MAX_SECONDS)),
      destination: parseAddress(source) ?? { twin: 0 },
      relays: [],
      ...(reply.kind === 'error'
        ? { content: reply }
        : {
            content: { kind: 'response' },
            payload: { kind: 'plain', bytes: reply.data },
            schema: isOwnSchema ? schema : DEFAULT_SCHEMA,
          }),
    });
    const error = reply.kind === 'error' ? reply.message : undefined;
    this.#parts.onServed({ uid, source, command, error, ms: performance.now() - began });
  }

  async #send(envelope: Envelope): Promise<void> {
    const { uid, destination, expiration } = envelope;
    const seconds = Math.min(Number(expiration), MAX_SECONDS);
    if (destination === undefined || seconds === 0) return;
    const { session } = this.#parts;
    const sent = await session.send({ ...envelope, expiration: BigInt(seconds) }, seconds);
    if (!sent.ok) await this.#refuse(envelope, sent.error);
    // A request without a uid is no repeat of another one.
    if (sent.ok && uid !== '') this.#answers.add(destination.twin, uid, sent.value);
  }

  /** Logs that a reply was not sent. Where an error reply can be sent, it tells the caller, who would wait in vain. */
  async #refuse(
    { uid, timestamp, expiration, destination }: Pick<Envelope, 'uid' | 'timestamp' | 'expiration' | 'destination'>,
    { fault, message }: CommandFailure,
  ): Promise<void> {
    const { session, log } = this.#parts;
    if (destination === undefined) return;
    log.warn({ uid, to: destination.twin }, `failed to send a reply: ${message}`);
    if (fault === undefined || !isToldInstead(fault)) return;
    const content = { kind: 'error' as const, ...faultError(fault) };
    const seconds = Math.min(Number(expiration), MAX_SECONDS);
    const sent = await session.send({ uid, timestamp, expiration, destination, content }, seconds);
    if (!sent.ok) log.warn({ uid, to: destination.twin }, `failed to send an error reply: ${sent.error.message}`);
    else if (uid !== '') this.#answers.add(destination.twin, uid, sent.value);
  }

  async #again(uid: string, twin: number): Promise<void> {
    for (const bytes of this.#answers.find(twin, uid)) await this.#parts.session.again(bytes, twin, AGAIN_SECONDS);
  }
}

/** What a request takes of our memory, bytes or so. */
function sizeOf({ data, uid, source, tags, schema }: CommandEntry): number {
  return data.length + uid.length + source.length + (tags ?? '').length + (schema ?? '').length;
}

/** What a request is answered with. */
type Reply =
  | { readonly kind: 'answer'; readonly data: Uint8Array }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };
