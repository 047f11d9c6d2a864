import { type Envelope, stamp } from '../proto/envelope.ts';
import { ok, type Result } from '../proto/result.ts';
import { SentAnswers } from './answers.ts';
import type { Awaited } from './awaited.ts';
import type { Clock } from './clock.ts';
import { faultError, isToldInstead, type PeerFault, tooLarge } from './faults.ts';
import type { LocalRequest, LocalResponse, Question, ReplyEntry } from './messages.ts';
import { answerOf, type Plugin, pluginFor } from './plugins/plugin.ts';
import type { Held, HeldRequest, Log, SentEnvelope, Told } from './ports.ts';
import { type Round, roundsOf } from './rounds.ts';
import type { Sending } from './sending.ts';
import type { CountEvent } from './state.ts';

/** No message lives longer, whatever its sender asks for, seconds. */
const MAX_TTL = 1800;
/** An answer that is asked for again has waited long enough. */
const AGAIN_SECONDS = 60;
/** A response whose receiver cannot be looked up is tried again after this time, ms. */
const LOOK_UP_MS = 1_000;

const LATE: PeerFault = { reason: 'expired', what: 'request has expired: no relay could be reached in time' };

/** What going up needs of the rest of the peer. */
export interface UpstreamParts {
  readonly sending: Sending;
  readonly awaited: Awaited;
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  readonly log: Log;
  readonly count: CountEvent;
  /** Waits for `ms`; false, at once, when the peer stops. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** From programs to relays: one envelope a destination, signed, encrypted where the destination has a key. */
export class Upstream {
  readonly #twin: number;
  readonly #parts: UpstreamParts;
  readonly #answers = new SentAnswers();

  /** @param twin our own */
  constructor(twin: number, parts: UpstreamParts) {
    this.#twin = twin;
    this.#parts = parts;
  }

  /** Sends a program's request; whatever fails is told to the queue where its answers are awaited. */
  async request(request: LocalRequest, held: HeldRequest): Promise<void> {
    const { destinations, replyTo, ref, command } = request;
    const stamped = this.#stamp(request, held, {
      uid: held.uid,
      expiration: BigInt(Math.min(request.expiration, MAX_TTL)),
      content: { kind: 'request', command },
      ...(request.tags === null ? {} : { tags: request.tags }),
    });
    if (!stamped.ok) {
      return held.end(this.#told(request, { reason: 'expired', what: 'request has expired' }));
    }
    const plugin = pluginFor(this.#parts.plugins, command);
    const answer = await answerOf(() => plugin?.local?.(request));
    if (answer !== undefined) {
      const { data, schema = null, error = null } = answer;
      const now = Number(stamped.value.timestamp);
      return held.end({ queue: replyTo, entry: { ref, data, source: String(this.#twin), schema, now, error } });
    }
    const rounds = roundsOf(held.uid, destinations, held.settled).filter(({ places }) => places.size > 0);
    if (rounds.length === 0) return held.end();
    await Promise.all(rounds.map((round) => this.#ask(round, request, held, stamped.value)));
  }

  /**
   * Sends a service's answer. There is nobody to tell when it fails, the caller's time runs out: while its receiver
   * cannot be looked up it is tried again.
   */
  async response(response: LocalResponse, held: Held): Promise<void> {
    const { destination, ref, error } = response;
    const stamped = this.#stamp(response, held, {
      uid: ref ?? '',
      expiration: BigInt(MAX_TTL),
      destination,
      content: error === null ? { kind: 'response' } : { kind: 'error', ...error },
    });
    const fault: PeerFault | 'closed' | undefined = stamped.ok
      ? await this.#answerInTime(stamped.value, destination.twin)
      : { reason: 'expired', what: 'response has expired before sending!' };
    // It stays where it is, for the next start.
    if (fault === 'closed') return;
    this.#parts.count(fault === undefined ? 'response-sent' : 'response-failed');
    if (fault !== undefined) {
      const { code, message } = faultError(fault);
      this.#parts.log.warn({ uid: ref, to: destination.twin, code }, `failed to send response: ${message}`);
      if (stamped.ok) await this.#sayInstead(stamped.value, fault);
    }
    await held.end();
  }

  /** Sends an envelope that this peer made itself, with its own time, to its destination. */
  async reply(envelope: Envelope): Promise<void> {
    if (envelope.expiration === 0n || envelope.destination === undefined) return;
    const { twin: to } = envelope.destination;
    const fault = await this.#answer({ ...envelope, source: { twin: this.#twin } }, to);
    if (fault === undefined) return;
    const why = fault === 'closed' ? 'the peer is stopping' : faultError(fault).message;
    this.#parts.log.warn({ uid: envelope.uid, to }, `failed to send answer: ${why}`);
    if (fault !== 'closed') await this.#sayInstead(envelope, fault);
  }

  /**
   * Sends the caller an error in place of an answer that is too large, that cannot be encrypted since the caller's key
   * broke, or that holds the mark of a seal. Otherwise the caller waits in vain. The error is small, needs no key, and
   * has none of the answer's texts.
   */
  async #sayInstead(envelope: Envelope, fault: PeerFault): Promise<void> {
    if (!isToldInstead(fault)) return;
    const { uid, timestamp, expiration, destination } = envelope;
    if (destination === undefined) return;
    const content = { kind: 'error' as const, ...faultError(fault) };
    const source = { twin: this.#twin };
    await this.#answer({ uid, timestamp, expiration, source, destination, content, relays: [] }, destination.twin);
  }

  /**
   * A relay refused an envelope for its size: the program that sent the request is told, or the twin that waits for
   * the response. Otherwise both would wait in vain.
   * @param limit what the relay takes, when that is known
   */
  async tooLarge({ uid, destination, isRequest, size }: SentEnvelope, limit: number | undefined): Promise<void> {
    const { awaited, clock, log } = this.#parts;
    const { twin } = destination;
    const fault = tooLarge(size, limit);
    if (isRequest) {
      const question = awaited.find(uid);
      if (question !== undefined) await awaited.settle(uid, twin, this.#told(question, fault));
      return;
    }
    const error = faultError(fault);
    log.warn({ uid, to: twin, code: error.code }, `failed to send response: ${error.message}`);
    const times = { timestamp: BigInt(clock.seconds()), expiration: BigInt(MAX_TTL) };
    await this.reply({ uid, ...times, destination, content: { kind: 'error', ...error }, relays: [] });
  }

  /** A twin asks what it asked before: it gets what it was answered, if it was. */
  async again(uid: string, twin: number): Promise<void> {
    for (const bytes of this.#answers.find(twin, uid)) await this.#parts.sending.again(bytes, twin, AGAIN_SECONDS);
  }

  /** Asks the twins of one round; what cannot be sent is told to the program, each for itself. */
  async #ask(round: Round, request: LocalRequest, held: HeldRequest, stamped: Envelope): Promise<void> {
    const { awaited, sending, count } = this.#parts;
    const { uid, asked, places } = round;
    const { command, replyTo, ref, destinations } = request;
    const seconds = Number(stamped.expiration);
    const seals = new Map<number, string>();
    const question = { command, replyTo, ref, asked, seconds, seals };
    const open = {
      question,
      held,
      total: destinations.length,
      places: new Map(places),
      sent: new Set<number>(),
      until: performance.now() + seconds * 1000,
    };
    // Before anything leaves: an answer may be back before the sending is over.
    awaited.add(uid, open);
    let noted: Promise<void> | undefined;
    let notedSeals = 0;
    await Promise.all(
      [...places.keys()].map(async (twin) => {
        const onSealed = (seal: string) => void seals.set(twin, seal);
        const result = await sending.seal({ ...stamped, uid, destination: { twin } }, twin, seconds, onSealed);
        if (result.ok && result.value.sent === 'sent') {
          awaited.sent(uid, twin);
          count('request-sent');
          // Nobody waits for it on the way out: while we live we know it, and after a crash it is sent again.
          if (noted === undefined) {
            notedSeals = seals.size;
            noted = held.note(uid, question);
          }
          return noted;
        }
        // It stays where it is, for the next start.
        if (result.ok && result.value.sent === 'closed') return;
        await awaited.settle(uid, twin, this.#told(request, result.ok ? LATE : result.error));
      }),
    );
    // The note was left with the first envelope: the seals of later ones are missing in it.
    if (noted !== undefined && seals.size > notedSeals) await held.note(uid, question);
  }

  async #answerInTime(envelope: Envelope, to: number): Promise<PeerFault | 'closed' | undefined> {
    const began = performance.now();
    const seconds = secondsOf(envelope);
    for (let left = seconds; ; left = seconds - (performance.now() - began) / 1000) {
      const fault = await this.#answer(envelope, to, left);
      const isPassing = typeof fault === 'object' && fault.reason === 'other';
      if (!isPassing || left * 1000 <= LOOK_UP_MS) return fault;
      if (!(await this.#parts.pause(LOOK_UP_MS))) return 'closed';
    }
  }

  async #answer(
    envelope: Envelope,
    to: number,
    seconds = secondsOf(envelope),
  ): Promise<PeerFault | 'closed' | undefined> {
    const result = await this.#parts.sending.seal(envelope, to, seconds);
    if (!result.ok) return result.error;
    const { sent, bytes } = result.value;
    if (sent === 'sent') this.#answers.add(to, envelope.uid, bytes);
    return sent === 'sent' ? undefined : sent === 'late' ? LATE : 'closed';
  }

  /** An envelope of an entry, with the time that is left of it, in the relays' time. */
  #stamp(
    entry: LocalRequest | LocalResponse,
    held: Held,
    fields: Pick<Envelope, 'uid' | 'expiration' | 'content' | 'destination' | 'tags'>,
  ): Result<Envelope, unknown> {
    const { clock } = this.#parts;
    // No time, and one in the future, count as the moment of the claim, whenever a start resumes the entry.
    const written = entry.now === 0 ? held.claimedAt : Math.min(entry.now, held.claimedAt);
    const stamped = stamp(
      {
        ...fields,
        timestamp: BigInt(written),
        source: { twin: this.#twin },
        payload: { kind: 'plain', bytes: entry.data },
        relays: [],
        ...(entry.schema === null ? {} : { schema: entry.schema }),
      },
      Math.floor(clock.local() / 1000),
    );
    return stamped.ok ? ok({ ...stamped.value, timestamp: BigInt(clock.seconds()) }) : stamped;
  }

  #told({ ref, command, replyTo }: Pick<Question, 'ref' | 'command' | 'replyTo'>, fault: PeerFault): Told {
    const error = faultError(fault);
    this.#parts.count('request-failed', fault.reason);
    this.#parts.log.warn({ ref, command, code: error.code }, `failed to send message: ${error.message}`);
    return { queue: replyTo, entry: refusal(ref, error) };
  }
}

/** How long an answer is of use. */
function secondsOf({ expiration }: Envelope): number {
  return Math.min(Number(expiration), MAX_TTL);
}

/** The peer's own answer to a program, as the Rust peer writes it: no source, time 0. */
export function refusal(ref: string | null, error: { code: number; message: string }): ReplyEntry {
  return { ref, data: new Uint8Array(0), source: '', schema: null, now: 0, error };
}
