import type { Primitives } from '../proto/crypto/primitives.ts';
import type { Address } from '../proto/envelope/address.ts';
import type { Envelope } from '../proto/envelope/envelope.ts';
import { secondsOf } from '../proto/reasons.ts';
import { partIn, type StreamPart } from '../proto/stream/tags.ts';
import { faultError, type PeerFault } from './errors.ts';
import type { Count, Log, SentEnvelope } from './ports.ts';
import { strangerIn } from './receiving/addressee.ts';
import { partName, Repeats, signedDigest } from './receiving/repeats.ts';
import type { EndToEnd } from './seal.ts';
import type { Turn } from './sending/lanes.ts';
import type { Clock } from './session/clock.ts';

/** Memory of a request, to judge its replies. */
export interface Asked {
  /** Twins that may reply; undefined if the memory does not say. */
  readonly asked: readonly number[] | undefined;
  /** Twin → seal of the envelope that it was sent. Rust peers copy the seal into their errors. */
  readonly seals: ReadonlyMap<number, string>;
  /** Seconds for which a reply is of use. */
  readonly seconds: number;
  /** Whether each twin may reply several times. */
  readonly isStream?: boolean | undefined;
}

/** A reply that passed every check, or a relay's report. */
export interface CheckedReply {
  readonly envelope: Envelope;
  /** Decrypted payload; empty for a report. */
  readonly data: Uint8Array;
  /** The same for a repeat. */
  readonly fingerprint: string;
  /** How often this fingerprint may come; beyond that it is a repeat. */
  readonly times: number;
  /** The twin whose reply it is; undefined for a report about one of several twins. */
  readonly of: number | undefined;
  /** Its place in a stream; undefined for the only reply. */
  readonly part?: StreamPart | undefined;
}

/** Memory of requests, and the way of replies to their askers. The daemon keeps both in Redis, a program in memory. */
export interface Askers<Request extends Asked> {
  /** Returns what is remembered of a request; undefined when nobody waits for its replies. */
  find(uid: string): Promise<Request | undefined>;
  /** Gives a reply to its asker. Returns false for a repeat. */
  give(request: Request, reply: CheckedReply): Promise<boolean>;
  /** A reply to this request failed a check. @param why for people */
  refused(request: Request, why: string, reason?: PeerFault['reason']): void;
  /** A relay refused a request because of its size, after it was sent. @param limit what it takes, if known (bytes) */
  tooLarge(envelope: SentEnvelope, limit: number | undefined): Promise<void>;
}

/** Parts of the client that asking needs. */
export interface AskingParts<Request extends Asked> {
  /** The twin and sid that requests come from. */
  readonly own: Address;
  readonly endToEnd: EndToEnd;
  readonly primitives: Pick<Primitives, 'sha256Text'>;
  readonly askers: Askers<Request>;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: Count;
  /** A reply of a twin to this request was given to its asker. */
  onAnswered?(uid: string, twin: number): void;
  /** A relay refused a request because this twin's object is overloaded, for so many seconds. */
  onOverloaded?(twin: number, seconds: number): void;
}

/** Checks replies: each goes once to its asker, and only from a twin that was asked. */
export class Asking<Request extends Asked> {
  readonly #parts: AskingParts<Request>;
  /** Replies that were given, by fingerprint. */
  readonly #given = new Repeats();

  constructor(parts: AskingParts<Request>) {
    this.#parts = parts;
  }

  /**
   * Takes a response or an error.
   * @param source the twin that it names as its source; 0 is a relay
   * @param turn awaited before the reply is given
   * @returns false when its asker could not be given the reply: the same frame may be taken again
   */
  async reply(envelope: Envelope, source: number, frame: Uint8Array, turn: Turn): Promise<boolean> {
    const { uid } = envelope;
    const { askers, own, endToEnd, clock, count, log, primitives } = this.#parts;
    const request = await askers.find(uid);
    if (request === undefined) {
      count('envelope-dropped', 'unwanted');
      log.info({ uid, from: source }, 'dropped a reply: its request is unknown, or has expired');
      return true;
    }
    // A relay's report is unsigned: it is believed for a uid that only the relays and this twin know.
    if (source === 0) {
      await turn();
      return this.#report(envelope, request, frame);
    }
    if (request.asked !== undefined && !request.asked.includes(source)) {
      return this.#drop(envelope, request, source, 'twin-not-asked', `twin ${source} was not asked`);
    }
    const stranger = strangerIn(envelope.destination, own);
    if (stranger !== undefined) {
      return this.#drop(envelope, request, source, stranger, 'it is for another twin or session');
    }
    const opened = await endToEnd.open(envelope, source, clock.seconds(), request.seals.get(source));
    if (!opened.ok) return this.#unopened(envelope, request, source, opened.error);
    await turn();
    const part = request.isStream === true ? partOf(envelope) : undefined;
    return this.#give(request, {
      envelope,
      data: opened.value.data,
      fingerprint:
        part === undefined
          ? // A digest of the signed text, not of the frame: a relay can write the same text in other bytes.
            signedDigest(opened.value.signed, primitives)
          : partName(source, uid, part, primitives),
      times: 1,
      of: source,
      part,
    });
  }

  async #report(envelope: Envelope, request: Request, frame: Uint8Array): Promise<boolean> {
    if (envelope.content?.kind !== 'error') {
      return this.#drop(envelope, request, 0, 'unwanted', 'a relay sends no response');
    }
    // A report about several twins does not name one: reports of one second have the same bytes, and are no repeats.
    const [only, ...others] = request.asked ?? [];
    const of = others.length === 0 ? only : undefined;
    const seconds = secondsOf(envelope.content.message);
    if (of !== undefined && seconds !== undefined) this.#parts.onOverloaded?.(of, seconds);
    const fingerprint = this.#parts.primitives.sha256Text([frame]);
    return this.#give(request, { envelope, data: new Uint8Array(0), fingerprint, times: others.length + 1, of });
  }

  async #give(request: Request, reply: CheckedReply): Promise<boolean> {
    const { fingerprint, times, of } = reply;
    // After its request's time nobody waits for a repeat: it is dropped for that.
    if (!this.#given.pass(fingerprint, Math.max(1, request.seconds), times)) return true;
    try {
      if (await this.#parts.askers.give(request, reply)) this.#parts.count('reply-delivered');
      if (of !== undefined) this.#parts.onAnswered?.(reply.envelope.uid, of);
      return true;
    } catch (error) {
      this.#given.undo(fingerprint);
      const { uid, source } = reply.envelope;
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.error({ uid, from: source?.twin ?? 0 }, `failed to deliver a reply: ${why}`);
      return false;
    }
  }

  #unopened(envelope: Envelope, request: Request, from: number, fault: PeerFault): true {
    const { message } = faultError(fault);
    this.#dropped(envelope, from, fault.reason, message);
    this.#parts.askers.refused(request, message, fault.reason);
    return true;
  }

  #drop(envelope: Envelope, request: Request, from: number, reason: string, why: string): true {
    this.#dropped(envelope, from, reason, why);
    this.#parts.askers.refused(request, why);
    return true;
  }

  #dropped({ uid }: Envelope, from: number, reason: string, why: string): void {
    this.#parts.count('envelope-dropped', reason);
    this.#parts.log.warn({ uid, from }, `dropped a reply: ${why}`);
  }
}

/** Returns the place of a reply in its stream. Nothing follows an error. */
function partOf({ tags, content }: Envelope): StreamPart | undefined {
  const part = partIn(tags);
  return part !== undefined && content?.kind === 'error' ? { ...part, isLast: true } : part;
}
