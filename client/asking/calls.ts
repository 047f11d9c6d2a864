import { type Address, formatAddress } from '../../proto/envelope/address.ts';
import type { Signal } from '../../proto/stream/signal.ts';
import { creditIn, type StreamPart } from '../../proto/stream/tags.ts';
import type { Asked, Askers, CheckedReply } from '../ask.ts';
import { type ErrorReply, type PeerFault, RmbError, tooLarge } from '../errors.ts';
import type { CustodyEnd, Handover, SentEnvelope } from '../ports.ts';
import type { Sending } from '../sending/sending.ts';
import { freshUid } from '../sending/uid.ts';
import type { Clock } from '../session/clock.ts';
import { Idle } from '../status/idle.ts';
import { aborted, nameOf, noAnswer, passesWithDeploy, refusalOf, unsendable, unsent, unverified } from './failures.ts';
import { sendSignal } from './signals.ts';

/**
 * Between two attempts at a twin that a relay calls offline, ms. Two reports of one second have the same bytes, so that
 * the second would be dropped as a repeat.
 */
export const AGAIN_MS = 1_000;

/** One request of this program. */
export interface CallRequest {
  readonly to: Address;
  readonly command: string;
  readonly data: Uint8Array;
  /** Media type of the payload; null sends none. */
  readonly schema: string | null;
  /** Limit for the reply, ms. */
  readonly timeout: number;
  /** Whether the relay refuses at once if the twin is offline. */
  readonly failFast: boolean;
  /** For so long after the first time, "offline" is asked again, ms. */
  readonly offlineAfter: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Tags of its envelope besides `fail-fast`. */
  readonly tags?: string;
}

/** A verified response. */
export interface CallResponse {
  /** "twin" or "twin:sid" of the session that replied. */
  readonly source: string;
  readonly data: Uint8Array;
  readonly schema: string | undefined;
}

/** Takes the outcome of a request, or one of several replies. Returns false for a repeat. */
type Take = (outcome: CallResponse | RmbError, part?: StreamPart) => boolean;

/** A request that left. */
export interface OpenRequest {
  readonly uid: string;
  readonly to: Address;
  /** Its life, seconds. */
  readonly seconds: number;
  /** Waits no more. */
  leave(): void;
}

/** A request that waits for its replies. */
interface Waiting extends Asked {
  readonly request: CallRequest;
  readonly to: Address;
  readonly uid: string;
  readonly seals: Map<number, string>;
  /** Why replies were refused, for people. */
  readonly refusals: string[];
  /** When the envelope expires, ms. */
  readonly until: number;
  /** How far it came: handed to a relay, and how custody of it ended. */
  readonly way: { isSent: boolean; custody: CustodyEnd | undefined };
  /** What a relay last said of the twin, and since when, ms; the request itself, for another attempt. */
  readonly offline: { bytes?: Uint8Array; said?: RmbError; since?: number; timer?: ReturnType<typeof setTimeout> };
  readonly take: Take;
}

/** Parts of the client that calls need. */
export interface CallsParts {
  /** The twin and sid that requests come from. */
  readonly own: Address;
  readonly sending: Pick<Sending, 'send' | 'resend'>;
  readonly clock: Clock;
  /** Where twins are looked up, for people. */
  readonly place: string;
  /** Returns whether a session has sealed an envelope lately: only our peers do. */
  isOurs(session: Address): boolean;
  /** Whether messages wait because too many have no receipt yet. */
  isFull?(): boolean;
  /** Resolves with why replies may go astray, for people; undefined when they do not. */
  misplaced(): Promise<string | undefined>;
}

/** Calls of this program, and their replies. Memory alone holds them. */
export class Calls implements Askers<Waiting> {
  /** Whether calls wait for replies. */
  readonly idle = new Idle(() => this.#waiting.size === 0);
  readonly #parts: CallsParts;
  readonly #waiting = new Map<string, Waiting>();
  readonly #signals = new Set<Promise<void>>();

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** Sends a request. Resolves with the response. Throws an `RmbError` when none comes. */
  async call(request: CallRequest): Promise<CallResponse> {
    const { promise, resolve } = Promise.withResolvers<CallResponse | RmbError>();
    const open = this.open(request, (outcome) => {
      resolve(outcome);
      return true;
    });
    try {
      const outcome = await promise;
      if (!(outcome instanceof RmbError)) return outcome;
      // A peer of another kind would keep the command for a service that never comes.
      const isHeard = outcome.code === 'aborted' && this.#parts.isOurs(request.to);
      if (isHeard) this.signal(open, { kind: 'cancel', uid: open.uid });
      throw outcome;
    } finally {
      open.leave();
    }
  }

  /** Sends a request whose replies, or whose failure, `take` gets. Throws an `RmbError` when it is aborted already. */
  open(request: CallRequest, take: Take): OpenRequest {
    const { to, timeout, signal, tags } = request;
    const uid = freshUid();
    if (signal?.aborted) throw aborted({ to, uid }, signal);
    // An envelope ends with a whole second, and not in its middle: a reply in the last moment still counts.
    const seconds = Math.ceil(timeout / 1000) + 1;
    const way = { isSent: false, custody: undefined };
    const memory = { asked: [to.twin], seals: new Map(), seconds, refusals: [], way, offline: {} };
    const isStream = creditIn(tags) !== undefined;
    const until = performance.now() + seconds * 1000;
    const waiting: Waiting = { request, to, uid, ...memory, isStream, until, take };
    this.#waiting.set(uid, waiting);
    const timer = setTimeout(() => void this.#late(waiting).then(take), timeout);
    const abort = () => void take(aborted(waiting, signal));
    signal?.addEventListener('abort', abort);
    this.#settled(waiting, this.#send(waiting));
    const leave = () => {
      clearTimeout(timer);
      clearTimeout(waiting.offline.timer);
      signal?.removeEventListener('abort', abort);
      this.#waiting.delete(uid);
      this.idle.look();
    };
    return { uid, to, seconds, leave };
  }

  /** Sends a signal about a request. */
  signal(open: OpenRequest, signal: Signal): void {
    const sending = sendSignal(this.#parts, open, signal).finally(() => this.#signals.delete(sending));
    this.#signals.add(sending);
  }

  /** Resolves when the signals of now were handed to a relay. */
  async signalled(): Promise<void> {
    await Promise.all(this.#signals);
  }

  /** Ends every call with `closed`. */
  close(): void {
    for (const { uid, to, take } of this.#waiting.values()) {
      take(new RmbError('closed', `the bus was closed before ${nameOf(to)} replied`, { twin: to.twin, uid }));
    }
  }

  async find(uid: string): Promise<Waiting | undefined> {
    return this.#waiting.get(uid);
  }

  async give(waiting: Waiting, { envelope, data, part }: CheckedReply): Promise<boolean> {
    const { to, uid, take } = waiting;
    const { content, source, schema } = envelope;
    if (content?.kind !== 'error') return take({ source: formatAddress(source ?? to), data, schema }, part);
    const { code, message } = content;
    if (source === undefined || source.twin === 0) {
      this.#reported(waiting, message);
      return true;
    }
    const reply: ErrorReply = { source: formatAddress(source), code, message };
    const text = `${nameOf(to)} answered with error ${code}: ${message}`;
    return take(new RmbError('answered-error', text, { twin: to.twin, uid, reply }), part);
  }

  refused({ refusals, to, uid, take }: Waiting, why: string, reason?: PeerFault['reason']): void {
    refusals.push(why);
    if (reason !== 'no-shared-key') return;
    // Its signature was verified, and no other reply will come.
    const text = `the reply of ${nameOf(to)} is encrypted: connect with a signer that has sharedKey`;
    take(new RmbError('no-shared-key', text, { twin: to.twin, uid }));
  }

  async tooLarge({ uid, destination, size }: SentEnvelope, limit: number | undefined): Promise<void> {
    this.#waiting.get(uid)?.take(this.#failure(tooLarge(size, limit), destination.twin, uid));
  }

  /** Ends the call when no relay has its request. */
  #settled({ to, uid, take }: Waiting, sending: Promise<RmbError | undefined>): void {
    sending.then(
      (fault) => fault === undefined || take(fault),
      (error: unknown) => take(new RmbError('unsendable', String(error), { twin: to.twin, uid, cause: error })),
    );
  }

  /** Returns why no relay has the request; undefined when one has. */
  async #send(waiting: Waiting): Promise<RmbError | undefined> {
    const { own, sending, clock } = this.#parts;
    const { to, uid, seals, seconds, offline } = waiting;
    const { command, data, schema, failFast, tags } = waiting.request;
    const words = [...(failFast ? ['fail-fast'] : []), ...(tags === undefined ? [] : [tags])];
    const envelope = {
      uid,
      timestamp: BigInt(clock.seconds()),
      expiration: BigInt(seconds),
      source: own,
      destination: to,
      content: { kind: 'request' as const, command },
      payload: { kind: 'plain' as const, bytes: data },
      relays: [],
      ...(schema === null ? {} : { schema }),
      ...(words.length === 0 ? {} : { tags: words.join(',') }),
    };
    const result = await sending.send(envelope, to.twin, seconds, (seal, bytes) => {
      seals.set(to.twin, seal);
      offline.bytes = bytes;
    });
    return this.#handed(waiting, result.ok ? result.value : result.error, seconds);
  }

  #handed(waiting: Waiting, handover: Handover | PeerFault, seconds: number): RmbError | undefined {
    const { to, uid, way } = waiting;
    if ('reason' in handover) return this.#failure(handover, to.twin, uid);
    if (handover.sent !== 'sent') return unsent(waiting, seconds, this.#isFull());
    way.isSent = true;
    way.custody = undefined;
    void handover.custody.then((end) => {
      way.custody = end;
    });
    return undefined;
  }

  /** A relay refused the request. While its twin may only be reconnecting, the request is sent again. */
  #reported(waiting: Waiting, message: string): void {
    const { request, offline, take } = waiting;
    const refusal = refusalOf(waiting, message);
    const now = performance.now();
    const since = offline.since ?? now;
    if (!passesWithDeploy(message) || now - since >= request.offlineAfter) {
      take(refusal);
      return;
    }
    offline.since = since;
    offline.said = refusal;
    clearTimeout(offline.timer);
    offline.timer = setTimeout(() => this.#again(waiting), AGAIN_MS);
  }

  /**
   * Sends the same envelope again. A refused request never ran; if a lost socket made one of its copies arrive all the
   * same, its receiver knows it by its uid, and runs it once.
   */
  #again(waiting: Waiting): void {
    const { to, offline, until } = waiting;
    const { bytes } = offline;
    if (bytes === undefined) return;
    const seconds = Math.max(0, until - performance.now()) / 1000;
    const sending = this.#parts.sending.resend(bytes, to.twin, seconds);
    this.#settled(
      waiting,
      sending.then((handover) => this.#handed(waiting, handover, seconds)),
    );
  }

  async #late(waiting: Waiting): Promise<RmbError> {
    const { refusals, way, offline } = waiting;
    const { command, timeout, failFast } = waiting.request;
    if (!way.isSent && this.#isFull()) return unsent(waiting, timeout / 1000, true);
    const [refusal] = refusals;
    if (refusal !== undefined) return unverified(waiting, refusal);
    const outcome = way.custody?.outcome;
    // Nothing newer is known: no receipt says that a later attempt arrived.
    if (offline.said !== undefined && outcome !== 'delivered' && outcome !== 'stored') return offline.said;
    const misplaced = await this.#parts.misplaced();
    return noAnswer(waiting, { command, timeout, failFast, outcome, misplaced });
  }

  #isFull(): boolean {
    return this.#parts.isFull?.() === true;
  }

  #failure(fault: PeerFault, twin: number, uid: string): RmbError {
    return unsendable(fault, twin, uid, this.#parts.place);
  }
}
