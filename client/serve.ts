import type { Primitives } from '../proto/crypto/primitives.ts';
import { type Address, formatAddress } from '../proto/envelope/address.ts';
import { type Envelope, expiresAt } from '../proto/envelope/envelope.ts';
import { isSignableSid, isSignableUid } from '../proto/envelope/signable.ts';
import { splitSeal } from '../proto/seal/seal.ts';
import { decodeSignal, isSignalCommand } from '../proto/stream/signal.ts';
import { faultError, type PeerFault } from './errors.ts';
import type { Count, Log } from './ports.ts';
import { strangerIn } from './receiving/addressee.ts';
import { InWork } from './receiving/in-work.ts';
import { Repeats, requestNames } from './receiving/repeats.ts';
import type { EndToEnd, Opened } from './seal.ts';
import type { Turn } from './sending/lanes.ts';
import { type Admission, callerFault, commandFault } from './serving/admission.ts';
import type { Claims, Seen } from './serving/durable.ts';
import { Outstanding, type OutstandingLimits } from './serving/outstanding.ts';
import type { Plugin, PluginReply, RemoteRequest } from './serving/plugin.ts';
import { pluginFor, replyOf } from './serving/plugins.ts';
import { MAX_REPLY_SECONDS, type Replying } from './serving/replying.ts';
import { Seldom } from './serving/seldom.ts';
import type { Clock } from './session/clock.ts';

/** Queues of the peer itself: a stranger's command must never name one. */
const RESERVED = /^(system|backlog)(\.|$)/;
const MAX_COMMAND = 256;
/** The longest life of an envelope that `checkPlausible` believes, by this machine's clock, seconds. */
const LONGEST_LIFE = 86_400 + 300;

/** Services of a twin, and who may call them. */
export interface Served {
  readonly claims: Claims;
  readonly seen: Seen;
  readonly plugins: readonly Plugin[];
  readonly admission: Admission;
  /** Limits of requests that are alive at once: their repeats are known until they expire. */
  readonly remembered: OutstandingLimits;
}

/** Parts of the client that serving needs. */
export interface ServingParts extends Served {
  /** The twin and sid that requests are for. */
  readonly own: Address;
  readonly endToEnd: EndToEnd;
  readonly primitives: Pick<Primitives, 'sha256Text'>;
  readonly replying: Pick<Replying, 'send' | 'again'>;
  readonly clock: Clock;
  /** Returns whether a twin has a key on chain. Asked only for plain requests, when they may be refused. */
  hasKey(twin: number): Promise<boolean>;
  readonly log: Log;
  readonly count: Count;
}

/** A request that was processed. */
export interface Answering {
  /** Only this process has its reply, or the request itself: its receipt waits for this. Never rejects. */
  readonly until?: Promise<unknown> | undefined;
}

/** Takes requests of other twins. Each goes once to a plugin or a service, or is refused. */
export class Serving {
  readonly #own: Address;
  readonly #parts: ServingParts;
  /** Requests that a service or a plugin was given. */
  readonly #given = new Repeats();
  /** Requests whose processing, or the way of whose reply, is not over. */
  readonly #inWork = new InWork<Answering>();
  readonly #alive: Outstanding;
  readonly #seldom = new Seldom();

  constructor(parts: ServingParts) {
    this.#own = parts.own;
    this.#parts = parts;
    this.#alive = new Outstanding(parts.remembered);
  }

  /**
   * Takes a request.
   * @param turn awaited before the request is given to a service
   * @returns what the request's receipt waits for
   */
  async request(envelope: Envelope, source: number, turn: Turn): Promise<Answering> {
    const { endToEnd, clock, count, log } = this.#parts;
    const stranger = strangerIn(envelope.destination, this.#own);
    if (stranger !== undefined) {
      // Signed for somebody else: only a hostile relay delivers it here.
      count('envelope-dropped', stranger);
      const to = formatAddress(envelope.destination ?? { twin: 0 });
      log.warn({ uid: envelope.uid, from: source, to }, 'dropped a request for another twin or session');
      return {};
    }
    if (!isSignableUid(envelope.uid, this.#own.twin) || !isSignableSid(envelope.source?.connection)) {
      // The caller chooses both, and could write an envelope of this twin into them.
      return this.#drop(source, { reason: 'unsignable' });
    }
    const opened = await endToEnd.open(envelope, source, clock.latest());
    const isAnswered = opened.ok || (await this.#isProven(envelope, source, opened.error));
    await turn();
    if (!opened.ok && !isAnswered) return this.#drop(source, opened.error);
    const done = opened.ok ? await this.#serve(envelope, source, opened.value) : opened.error;
    return isFault(done) ? this.#refuse(envelope, source, done) : done;
  }

  /** Returns whether its source signed a refused request. Otherwise a stranger could make this twin send envelopes to others. */
  async #isProven(envelope: Envelope, source: number, { reason }: PeerFault): Promise<boolean> {
    switch (reason) {
      case 'signature':
      case 'unknown-twin':
      // The twin cannot be looked up.
      case 'other':
        return false;
      // These faults are found before the signature is verified.
      case 'expired':
      case 'implausible':
      case 'seal':
        return this.#parts.endToEnd.isSigned(envelope, source);
      default:
        return true;
    }
  }

  /** Drops a request without a reply. */
  #drop(from: number, fault: PeerFault): Answering {
    this.#parts.count('envelope-dropped', fault.reason);
    if (!this.#seldom.mayLog(from, fault.reason)) return {};
    const why = faultError(fault).message;
    this.#parts.log.warn({ from }, `dropped a request, others of this twin within a minute are not logged: ${why}`);
    return {};
  }

  async #serve(envelope: Envelope, source: number, opened: Opened): Promise<Answering | PeerFault> {
    if (envelope.content?.kind !== 'request') return {};
    const { command } = envelope.content;
    if (RESERVED.test(command) || command.length > MAX_COMMAND || command === '') {
      return { reason: 'message', detail: 'no service may have this command' };
    }
    const { clock, admission, primitives } = this.#parts;
    if (isSignalCommand(command)) {
      // It reaches only requests of its own twin: neither a list of callers nor a memory of repeats is needed.
      const signal = decodeSignal(command, opened.data);
      if (!signal.ok) return { reason: 'payload', detail: signal.error };
      await this.#parts.claims.signal(signal.value, source);
      return {};
    }
    const barred = callerFault(admission, command, source) ?? (await this.#plainFault(envelope, source));
    if (barred !== undefined) return barred;
    const { uid, schema = null } = envelope;
    const { tags = null } = splitSeal(envelope.tags) ?? envelope;
    const { data } = opened;
    const request = { uid, source: formatAddress(envelope.source ?? { twin: 0 }), command, data, tags, schema };
    // By this machine's clock: a relay that tells a later time must not make this twin forget a request that the relay can repeat.
    const left = Number(expiresAt(envelope)) - Math.floor(clock.local() / 1000);
    const seconds = Math.max(1, Math.min(left, LONGEST_LIFE));
    // Redis has marks of each request, too. A mark may be deleted or evicted: a repeat must be unknown to both.
    const names = requestNames(source, uid, opened.signed, primitives);
    for (let first = this.#inWork.find(names); first !== undefined; first = this.#inWork.find(names)) {
      const end = await first;
      if (end === undefined) continue;
      // The reply is on its way. The receipt of the repeat may not come before that of the first.
      this.#parts.count('envelope-dropped', 'repeat');
      return end;
    }
    if (names.some((name) => this.#given.has(name))) return this.#repeated(uid, source);
    if (!this.#alive.hasRoom(source)) return tooManyAlive(source);
    return this.#inWork.run(names, () => this.#once(request, envelope, source, { names, seconds }));
  }

  /** Gives a request to its plugin or its service, or refuses it. It is known as given from then on. */
  async #once(
    request: RemoteRequest,
    envelope: Envelope,
    source: number,
    life: { readonly names: readonly string[]; readonly seconds: number },
  ): Promise<Answering> {
    const { names, seconds } = life;
    for (const name of names) this.#given.pass(name, seconds);
    let given: Answering | PeerFault | undefined;
    try {
      given = await this.#give(request, envelope, source, life);
    } finally {
      if (given !== undefined && !isFault(given)) this.#alive.add(source, seconds);
      else for (const name of names) this.#given.undo(name);
    }
    return isFault(given) ? this.#refuse(envelope, source, given) : given;
  }

  /** Gives a request to its plugin or its service. Returns a fault when none takes it. */
  async #give(
    request: RemoteRequest,
    envelope: Envelope,
    source: number,
    { names, seconds }: { readonly names: readonly string[]; readonly seconds: number },
  ): Promise<PeerFault | Answering> {
    const { claims, seen, plugins, admission, count } = this.#parts;
    const { uid, command } = request;
    const plugin = pluginFor(plugins, command);
    if (plugin?.remote !== undefined) {
      if (!(await seen.isFirst(names, seconds))) return this.#repeated(uid, source);
      const reply = await replyOf(() => plugin.remote?.(request));
      if (reply !== undefined) return this.#reply(envelope, reply);
    }
    const unserved = commandFault(admission, command);
    if (unserved !== undefined) return unserved;
    const times = { expiration: Number(envelope.expiration), now: Number(envelope.timestamp) };
    const claimed = { ...request, ...times, isEncrypted: envelope.payload?.kind === 'cipher' };
    const given = await claims.give(claimed, source, names, seconds);
    if (given === 'repeated') return this.#repeated(uid, source);
    if (given !== 'delivered') return given;
    count('command-delivered', command);
    return { until: claims.answered?.(claimed) };
  }

  async #plainFault({ payload }: Envelope, source: number): Promise<PeerFault | undefined> {
    const { admission, hasKey } = this.#parts;
    if (admission.requireCipher !== true || payload?.kind === 'cipher') return undefined;
    return (await hasKey(source)) ? { reason: 'plain', twin: source } : undefined;
  }

  async #repeated(uid: string, source: number): Promise<Answering> {
    this.#parts.count('envelope-dropped', 'repeat');
    await this.#parts.replying.again(uid, source);
    return {};
  }

  async #reply(request: Envelope, { data, schema, error, ttl = MAX_REPLY_SECONDS }: PluginReply): Promise<Answering> {
    const content: Envelope['content'] = error === undefined ? { kind: 'response' } : { kind: 'error', ...error };
    const left = await this.#parts.replying.send({
      ...this.#back(request, BigInt(ttl), content),
      payload: { kind: 'plain', bytes: data },
      ...(schema === undefined ? {} : { schema }),
    });
    return { until: left?.custody };
  }

  async #refuse(request: Envelope, from: number, fault: PeerFault): Promise<Answering> {
    const error = faultError(fault);
    this.#parts.count('command-refused', fault.reason);
    this.#parts.log.warn({ uid: request.uid, from, code: error.code }, `refused a request: ${error.message}`);
    if (request.source === undefined || from === 0) return {};
    const back = this.#back(request, request.expiration, { kind: 'error', ...error });
    return { until: (await this.#parts.replying.send(back))?.custody };
  }

  /** Returns an envelope back to the source of a request. */
  #back(request: Envelope, expiration: bigint, content: Envelope['content']) {
    const timestamp = BigInt(this.#parts.clock.seconds());
    const destination = request.source ?? { twin: 0 };
    return { uid: request.uid, timestamp, expiration, destination, content };
  }
}

function isFault(given: Answering | PeerFault): given is PeerFault {
  return 'reason' in given;
}

function tooManyAlive(source: number): PeerFault {
  const why = `too many requests of twin ${source}, or of all twins, have not expired yet`;
  return { reason: 'too-many-alive', detail: `${why}: give requests a shorter life, or try again later` };
}
