import { hash } from 'node:crypto';
import { type Address, formatAddress } from '../proto/address.ts';
import type { Envelope } from '../proto/envelope.ts';
import { strangerIn } from './addressee.ts';
import type { Awaited } from './awaited.ts';
import type { Clock } from './clock.ts';
import { faultError } from './faults.ts';
import type { Turn } from './lanes.ts';
import type { Question } from './messages.ts';
import type { Log, Programs } from './ports.ts';
import type { Protocol } from './protocol.ts';
import { Repeats, signedDigest } from './repeats.ts';
import type { CountEvent } from './state.ts';

/** What replies need of the rest of the peer. */
export interface RepliesParts {
  /** Who we are. */
  readonly own: Address;
  readonly protocol: Protocol;
  readonly programs: Programs;
  readonly awaited: Awaited;
  /** Resolves when the requests that a crash has left are awaited again. */
  readonly resumed: Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: CountEvent;
}

/** Answers to our programs' requests: each goes to the queue of who asked, when it comes from one who was asked. */
export class Replies {
  readonly #parts: RepliesParts;
  /** Answers that were given, by fingerprint. */
  readonly #given = new Repeats();

  constructor(parts: RepliesParts) {
    this.#parts = parts;
  }

  /**
   * @param source the twin it is said to come from; 0 is a relay
   * @param turn awaited before it is handed on
   */
  async reply(envelope: Envelope, source: number, frame: Uint8Array, turn: Turn): Promise<void> {
    const { uid } = envelope;
    const question = await this.#question(uid);
    if (question === undefined) {
      this.#parts.count('envelope-dropped', 'unwanted');
      return this.#parts.log.info({ uid, from: source }, 'received reply of an expired message');
    }
    // A relay's report is unsigned: it is believed for a uid that only the relays and we know.
    if (source === 0) {
      await turn();
      return this.#report(envelope, question, frame);
    }
    if (question.asked !== undefined && !question.asked.includes(source)) {
      return this.#drop(envelope, source, 'twin-not-asked', `twin ${source} was not asked`);
    }
    const stranger = strangerIn(envelope.destination, this.#parts.own);
    if (stranger !== undefined) return this.#drop(envelope, source, stranger, 'it is for another twin or session');
    const { protocol, clock } = this.#parts;
    const opened = await protocol.open(envelope, source, clock.seconds(), question.seals.get(source));
    if (!opened.ok) return this.#drop(envelope, source, opened.error.reason, faultError(opened.error).message);
    await turn();
    // Not of the frame: a relay can write the same signed text in other bytes.
    await this.#deliver(envelope, question, opened.value, {
      fingerprint: signedDigest(envelope),
      times: 1,
      of: source,
    });
  }

  /** A crash may have come between the sending of a request and its note: such a one is known when it is taken up. */
  async #question(uid: string): Promise<Question | undefined> {
    const { awaited, programs, resumed } = this.#parts;
    const known = awaited.find(uid) ?? (await programs.findQuestion(uid));
    if (known !== undefined) return known;
    await resumed;
    return awaited.find(uid);
  }

  async #report(envelope: Envelope, question: Question, frame: Uint8Array): Promise<void> {
    if (envelope.content?.kind !== 'error') return this.#drop(envelope, 0, 'unwanted', 'a relay answers nothing');
    // Of several twins it does not say which one it means: reports of one second are the same bytes, and no repeats.
    const [only, ...others] = question.asked ?? [];
    const of = others.length === 0 ? only : undefined;
    const fingerprint = hash('sha256', frame, 'base64url');
    await this.#deliver(envelope, question, new Uint8Array(0), { fingerprint, times: others.length + 1, of });
  }

  /**
   * @param fingerprint the same for a repeat
   * @param times that it may come; what comes more often is a repeat
   * @param of the twin whose answer it is; undefined when that is not known
   */
  async #deliver(
    envelope: Envelope,
    question: Question,
    data: Uint8Array,
    { fingerprint, times, of }: { fingerprint: string; times: number; of: number | undefined },
  ): Promise<void> {
    const error = envelope.content?.kind === 'error' ? envelope.content : null;
    const entry = {
      ref: question.ref,
      // The payload of an error is not for programs: the Rust peer gives them none.
      data: error === null ? data : new Uint8Array(0),
      source: formatAddress(envelope.source ?? { twin: 0 }),
      schema: envelope.schema ?? null,
      now: Number(envelope.timestamp),
      error: error === null ? null : { code: error.code, message: error.message },
    };
    // When its time is over nobody waits for it, and a repeat is dropped for that.
    const answer = { queue: question.replyTo, entry, fingerprint, times, seconds: Math.max(1, question.seconds) };
    if (!this.#given.pass(fingerprint, answer.seconds, times)) return;
    try {
      const { awaited, programs } = this.#parts;
      const settled = of === undefined ? undefined : await awaited.answer(envelope.uid, of, answer);
      const isNew = settled ?? (await programs.deliverAnswer(answer));
      if (isNew) this.#parts.count('reply-delivered');
    } catch (error) {
      this.#given.undo(fingerprint);
      throw error;
    }
  }

  #drop({ uid }: Envelope, from: number, reason: string, why: string): void {
    this.#parts.count('envelope-dropped', reason);
    this.#parts.log.warn({ uid, from }, `dropped an answer: ${why}`);
  }
}
