import { type Address, formatAddress } from '../proto/address.ts';
import { type Envelope, expiresAt } from '../proto/envelope.ts';
import { splitSeal } from '../proto/seal/seal.ts';
import { isSignableSid, isSignableUid } from '../proto/signable.ts';
import { strangerIn } from './addressee.ts';
import { type Admission, callerFault, commandFault } from './admission.ts';
import type { Clock } from './clock.ts';
import { faultError, type PeerFault } from './faults.ts';
import type { Turn } from './lanes.ts';
import { Outstanding, type OutstandingLimits } from './outstanding.ts';
import { answerOf, type Plugin, type PluginAnswer, pluginFor, type RemoteRequest } from './plugins/plugin.ts';
import type { Log, Programs } from './ports.ts';
import type { Protocol } from './protocol.ts';
import { Repeats, requestNames } from './repeats.ts';
import { Seldom } from './seldom.ts';
import type { CountEvent } from './state.ts';
import type { Upstream } from './upstream.ts';

/** Queues of ours: a stranger's command must never name one. */
const RESERVED = /^(system|backlog)(\.|$)/;
const MAX_COMMAND = 256;
/** Of a plugin's answer that does not say, seconds. */
const ANSWER_TTL = 1800;
/** The longest life of an envelope that `checkPlausible` believes, by our own clock, seconds. */
const LONGEST_LIFE = 86_400 + 300;

/** What serving needs of the rest of the peer. */
export interface ServingParts {
  readonly protocol: Protocol;
  readonly programs: Pick<Programs, 'deliverCommand' | 'isFirst'>;
  readonly upstream: Pick<Upstream, 'reply' | 'again'>;
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  readonly admission: Admission;
  /** Whether a twin has a key on chain. Asked for plain requests only, when they may be refused. */
  hasKey(twin: number): Promise<boolean>;
  /** Requests whose repeats can be known until their time is over. */
  readonly remembered: OutstandingLimits;
  readonly log: Log;
  readonly count: CountEvent;
}

/** Requests of other twins: each goes to a plugin or to its service's queue, once, or is refused. */
export class Serving {
  readonly #own: Address;
  readonly #parts: ServingParts;
  /** Requests that were given to a service or a plugin. */
  readonly #given = new Repeats();
  readonly #alive: Outstanding;
  readonly #seldom = new Seldom();

  constructor(own: Address, parts: ServingParts) {
    this.#own = own;
    this.#parts = parts;
    this.#alive = new Outstanding(parts.remembered);
  }

  /** @param turn awaited before it is handed on */
  async request(envelope: Envelope, source: number, turn: Turn): Promise<void> {
    const { protocol, clock, count, log } = this.#parts;
    const stranger = strangerIn(envelope.destination, this.#own);
    if (stranger !== undefined) {
      // Signed for somebody else: a relay that brings it here means no good.
      count('envelope-dropped', stranger);
      const to = formatAddress(envelope.destination ?? { twin: 0 });
      return log.warn({ uid: envelope.uid, from: source, to }, 'dropped a request for another twin or session');
    }
    if (!isSignableUid(envelope.uid, this.#own.twin) || !isSignableSid(envelope.source?.connection)) {
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
    const { clock, admission } = this.#parts;
    const barred = callerFault(admission, command, source) ?? (await this.#plainFault(envelope, source));
    if (barred !== undefined) return barred;
    const { uid, schema = null } = envelope;
    const { tags = null } = splitSeal(envelope.tags) ?? envelope;
    const request = { uid, source: formatAddress(envelope.source ?? { twin: 0 }), command, data, tags, schema };
    // By our own clock: a relay that says it is later must not make us forget what it can bring again.
    const left = Number(expiresAt(envelope)) - Math.floor(clock.local() / 1000);
    const seconds = Math.max(1, Math.min(left, LONGEST_LIFE));
    // Redis has marks of each request, too; a repeat must find neither, as a mark may be deleted or evicted.
    const names = requestNames(source, envelope);
    if (names.some((name) => this.#given.has(name))) return this.#repeated(uid, source);
    if (!this.#alive.hasRoom(source)) return tooManyAlive(source);
    for (const name of names) this.#given.pass(name, seconds);
    let isGiven = false;
    try {
      const fault = await this.#give(request, envelope, source, { names, seconds });
      isGiven = fault === undefined;
      return fault;
    } finally {
      if (isGiven) this.#alive.add(source, seconds);
      else for (const name of names) this.#given.undo(name);
    }
  }

  /** Gives a request to its plugin or its service's queue. Returns why that was not possible. */
  async #give(
    request: RemoteRequest,
    envelope: Envelope,
    source: number,
    { names, seconds }: { readonly names: readonly string[]; readonly seconds: number },
  ): Promise<PeerFault | undefined> {
    const { programs, plugins, admission, count } = this.#parts;
    const { uid, command } = request;
    const plugin = pluginFor(plugins, command);
    if (plugin?.remote !== undefined) {
      if (!(await programs.isFirst(names, seconds))) return this.#repeated(uid, source);
      const answer = await answerOf(() => plugin.remote?.(request));
      if (answer !== undefined) return void (await this.#answer(envelope, answer));
    }
    const unserved = commandFault(admission, command);
    if (unserved !== undefined) return unserved;
    const times = { expiration: Number(envelope.expiration), now: Number(envelope.timestamp) };
    const entry = { ...request, ...times, isEncrypted: envelope.payload?.kind === 'cipher' };
    try {
      const delivery = await programs.deliverCommand(entry, source, names, seconds);
      if (delivery === 'repeated') return this.#repeated(uid, source);
      if (delivery === 'delivered') return void count('command-delivered', command);
      return deliveryFault(delivery, command, source);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { reason: 'other', detail: `the queue of '${command}' takes nothing: ${why}` };
    }
  }

  async #plainFault({ payload }: Envelope, source: number): Promise<PeerFault | undefined> {
    const { admission, hasKey } = this.#parts;
    if (admission.requireCipher !== true || payload?.kind === 'cipher') return undefined;
    return (await hasKey(source)) ? { reason: 'plain', twin: source } : undefined;
  }

  async #repeated(uid: string, source: number): Promise<undefined> {
    this.#parts.count('envelope-dropped', 'repeat');
    await this.#parts.upstream.again(uid, source);
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

function tooManyAlive(source: number): PeerFault {
  const why = `too many requests of twin ${source}, or of all twins, have not expired yet`;
  return { reason: 'too-many-alive', detail: `${why}: give requests a shorter life, or try again later` };
}

/** Why a queue took nothing. */
function deliveryFault(delivery: 'full' | 'never-served' | 'reply-list', command: string, source: number): PeerFault {
  switch (delivery) {
    case 'full': {
      const detail = `the queue of '${command}' is full: its service does not keep up, or is not there; try again later`;
      return { reason: 'queue-full', detail };
    }
    case 'never-served': {
      const why = `no service has taken a request for '${command}' yet, and no more such requests of twin ${source} can wait`;
      return { reason: 'never-served', detail: `${why}: check the command, or try again when its service runs` };
    }
    case 'reply-list':
      return {
        reason: 'not-allowed',
        detail: `'${command}' is no service here: a program waits for its replies there`,
      };
  }
}
