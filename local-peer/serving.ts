import { formatAddress } from '../proto/address.ts';
import { type Envelope, expiresAt } from '../proto/envelope.ts';
import { splitSeal } from '../proto/seal/seal.ts';
import { isSignableSid, isSignableUid } from '../proto/signable.ts';
import type { Clock } from './clock.ts';
import { faultError, type PeerFault } from './faults.ts';
import type { Turn } from './lanes.ts';
import { answerOf, type Plugin, type PluginAnswer, pluginFor, type RemoteRequest } from './plugins/plugin.ts';
import type { Log, Programs } from './ports.ts';
import type { Protocol } from './protocol.ts';
import { Repeats, requestKey } from './repeats.ts';
import { Seldom } from './seldom.ts';
import type { CountEvent } from './state.ts';
import type { Upstream } from './upstream.ts';

/** Queues of ours: a stranger's command must never name one. */
const RESERVED = /^(system|backlog)(\.|$)/;
const MAX_COMMAND = 256;
/** Of a plugin's answer that does not say, seconds. */
const ANSWER_TTL = 1800;
/** A request that is valid for longer than this is taken for a repeat only so long, seconds. */
const MOST_REMEMBERED = 3600;

/** What serving needs of the rest of the peer. */
export interface ServingParts {
  readonly protocol: Protocol;
  readonly programs: Pick<Programs, 'deliverCommand' | 'isFirst'>;
  readonly upstream: Pick<Upstream, 'reply' | 'again'>;
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  readonly log: Log;
  readonly count: CountEvent;
}

/** Requests of other twins: each goes to a plugin or to its service's queue, once, or is refused. */
export class Serving {
  readonly #twin: number;
  readonly #parts: ServingParts;
  /** Requests that were given to a service or a plugin. */
  readonly #given = new Repeats();
  readonly #seldom = new Seldom();

  /** @param twin our own */
  constructor(twin: number, parts: ServingParts) {
    this.#twin = twin;
    this.#parts = parts;
  }

  /** @param turn awaited before it is handed on */
  async request(envelope: Envelope, source: number, turn: Turn): Promise<void> {
    const { protocol, clock, count, log } = this.#parts;
    const to = envelope.destination?.twin;
    if (to !== this.#twin) {
      // Signed for somebody else: a relay that brings it here means no good.
      count('envelope-dropped', 'another-twin');
      return log.warn({ uid: envelope.uid, from: source, to }, 'dropped a request for another twin');
    }
    if (!isSignableUid(envelope.uid, this.#twin) || !isSignableSid(envelope.source?.connection)) {
      // Whoever asks chooses both, and could write an envelope of ours in them.
      return this.#drop(source, { reason: 'unsignable' });
    }
    const opened = await protocol.open(envelope, source, clock.latest());
    const isAnswered = opened.ok || (await this.#isProven(envelope, source, opened.error));
    await turn();
    if (!opened.ok && !isAnswered) return this.#drop(source, opened.error);
    const fault = opened.ok ? await this.#serve(envelope, source, opened.value) : opened.error;
    if (fault !== undefined) await this.#refuse(envelope, source, fault);
  }

  /** Whether a refused request was signed by its source: a stranger must not make us send anything to a twin. */
  async #isProven(envelope: Envelope, source: number, { reason }: PeerFault): Promise<boolean> {
    switch (reason) {
      case 'signature':
      case 'unknown-twin':
      // The twin cannot be looked up now.
      case 'other':
        return false;
      // These are found before the signature is looked at.
      case 'expired':
      case 'implausible':
      case 'seal':
        return this.#parts.protocol.isSigned(envelope, source);
      default:
        return true;
    }
  }

  /** Drops a request without an answer. */
  #drop(from: number, fault: PeerFault): void {
    this.#parts.count('envelope-dropped', fault.reason);
    if (!this.#seldom.isDue(from, fault.reason)) return;
    const why = faultError(fault).message;
    this.#parts.log.warn({ from }, `dropped a request, others of this twin within a minute are not logged: ${why}`);
  }

  async #serve(envelope: Envelope, source: number, data: Uint8Array): Promise<PeerFault | undefined> {
    if (envelope.content?.kind !== 'request') return undefined;
    const { command } = envelope.content;
    if (RESERVED.test(command) || command.length > MAX_COMMAND || command === '') {
      return { reason: 'message', detail: 'no service may have this command' };
    }
    const { clock, upstream } = this.#parts;
    const { uid, schema = null } = envelope;
    const { tags = null } = splitSeal(envelope.tags) ?? envelope;
    const request = { uid, source: formatAddress(envelope.source ?? { twin: 0 }), command, data, tags, schema };
    // By our own clock: a relay that says it is later must not make us forget what it can bring again.
    const left = Number(expiresAt(envelope)) - Math.floor(clock.local() / 1000);
    const seconds = Math.max(1, Math.min(left, MOST_REMEMBERED));
    // Redis has a mark of each request, too; a repeat must find neither, as a mark may be deleted or evicted.
    const key = requestKey(source, uid);
    if (key !== undefined && !this.#given.pass(key, seconds)) return void (await upstream.again(uid, source));
    let isGiven = false;
    try {
      const fault = await this.#give(request, envelope, source, seconds);
      isGiven = fault === undefined;
      return fault;
    } finally {
      if (!isGiven && key !== undefined) this.#given.undo(key);
    }
  }

  /** Gives a request to its plugin or its service's queue. Returns why that was not possible. */
  async #give(
    request: RemoteRequest,
    envelope: Envelope,
    source: number,
    seconds: number,
  ): Promise<PeerFault | undefined> {
    const { programs, plugins, upstream, count } = this.#parts;
    const { uid, command } = request;
    const plugin = pluginFor(plugins, command);
    if (plugin?.remote !== undefined) {
      if (!(await programs.isFirst(source, uid, seconds))) return void (await upstream.again(uid, source));
      const answer = await answerOf(() => plugin.remote?.(request));
      if (answer !== undefined) return void (await this.#answer(envelope, answer));
    }
    const times = { expiration: Number(envelope.expiration), now: Number(envelope.timestamp) };
    try {
      const delivery = await programs.deliverCommand({ ...request, ...times }, source, seconds);
      if (delivery === 'repeated') return void (await upstream.again(uid, source));
      if (delivery === 'delivered') return void count('command-delivered', command);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { reason: 'other', detail: `the queue of '${command}' takes nothing: ${why}` };
    }
    const detail = `the queue of '${command}' is full: its service does not keep up, or is not there; try again later`;
    return { reason: 'other', detail };
  }

  async #answer(request: Envelope, { data, schema, error, ttl = ANSWER_TTL }: PluginAnswer): Promise<void> {
    const content: Envelope['content'] = error === undefined ? { kind: 'response' } : { kind: 'error', ...error };
    await this.#parts.upstream.reply({
      ...this.#back(request, BigInt(ttl), content),
      payload: { kind: 'plain', bytes: data },
      ...(schema === undefined ? {} : { schema }),
    });
  }

  async #refuse(request: Envelope, from: number, fault: PeerFault): Promise<void> {
    const error = faultError(fault);
    this.#parts.count('command-refused', fault.reason);
    this.#parts.log.warn({ uid: request.uid, from, code: error.code }, `refused a request: ${error.message}`);
    if (request.source === undefined || from === 0) return;
    await this.#parts.upstream.reply(this.#back(request, request.expiration, { kind: 'error', ...error }));
  }

  /** An envelope back to where a request came from. */
  #back(request: Envelope, expiration: bigint, content: Envelope['content']): Envelope {
    const timestamp = BigInt(this.#parts.clock.seconds());
    const destination = request.source ?? { twin: 0 };
    return { uid: request.uid, timestamp, expiration, destination, content, relays: [] };
  }
}
