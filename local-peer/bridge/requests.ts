import type { Askers, CheckedReply } from '../../client/ask.ts';
import { faultError, type PeerFault, tooLarge } from '../../client/errors.ts';
import type { CustodyEnd, Log, SentEnvelope } from '../../client/ports.ts';
import type { Sending } from '../../client/sending/sending.ts';
import type { Plugin } from '../../client/serving/plugin.ts';
import { pluginFor, replyOf } from '../../client/serving/plugins.ts';
import type { Clock } from '../../client/session/clock.ts';
import { isAccepted } from '../../proto/custody/outcome.ts';
import { formatAddress } from '../../proto/envelope/address.ts';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { reasonText } from '../../proto/reasons.ts';
import type { Signal } from '../../proto/stream/signal.ts';
import { streamTags } from '../../proto/stream/tags.ts';
import type { Awaited } from './awaited.ts';
import type { Receipts } from './custody/receipts.ts';
import type { CountEvent } from './events.ts';
import { ListFault } from './list-fault.ts';
import { type ProgramRequest, type Question, type ReplyEntry, refusal } from './messages.ts';
import type { Following, HeldRequest, Programs, Told } from './ports.ts';
import type { RequestStatus, Step } from './request-status.ts';
import { type Round, roundsOf } from './rounds.ts';
import { MAX_TTL, stampEntry } from './stamp.ts';
import { CREDIT, type StreamCredits } from './stream-credits.ts';

const LATE: PeerFault = { reason: 'expired', what: 'request has expired: no relay could be reached in time' };
const CANCELLED: PeerFault = { reason: 'other', detail: 'the request was cancelled' };
const NO_RECEIPT: PeerFault = { reason: 'expired', what: 'request has expired: no relay confirmed it in time' };
/** A relay's error about a request comes before the receipt; it is in Redis after this time, ms. */
const REPORT_MS = 5_000;

/** Parts of the peer that requests need. */
export interface RequestsParts {
  readonly sending: Sending;
  readonly awaited: Awaited;
  readonly receipts: Receipts;
  readonly following: Following;
  readonly programs: Programs;
  readonly credits: Pick<StreamCredits, 'replied'>;
  /** Sends a signal about a request to a twin. @param seconds for which the request is of use */
  signal(twin: number, seconds: number, signal: Signal): void;
  /** Returns whether a twin's peer has sealed an envelope lately: only our peers do. */
  isOurs(twin: number): boolean;
  /** Resolves when the requests that a crash has left are awaited again. */
  readonly resumed: Promise<void>;
  readonly clock: Clock;
  readonly plugins: readonly Plugin[];
  readonly log: Log;
  readonly count: CountEvent;
  /** Waits for `ms`. Returns false, at once, when the peer stops. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** Sends requests of local programs, one envelope per destination, and gives their replies to the programs' queues. */
export class Requests implements Askers<Question> {
  readonly #twin: number;
  readonly #parts: RequestsParts;

  /** @param twin own id */
  constructor(twin: number, parts: RequestsParts) {
    this.#twin = twin;
    this.#parts = parts;
  }

  /** Sends a program's request. Each failure is an error entry in the queue where the program expects replies. */
  async request(request: ProgramRequest, held: HeldRequest): Promise<void> {
    const { destinations, replyTo, ref, command } = request;
    const stamped = stampEntry(this.#twin, this.#parts.clock, request, held, {
      uid: held.uid,
      expiration: BigInt(Math.min(request.expiration, MAX_TTL)),
      content: { kind: 'request', command },
      ...tagsOf(request),
    });
    if (!stamped.ok) {
      this.#follow(request, held, 0);
      const told = this.#told(request, { reason: 'expired', what: 'request has expired' });
      this.#parts.following.step(held.uid, { name: 'failed', detail: 'request has expired' });
      return held.end(told);
    }
    const plugin = pluginFor(this.#parts.plugins, command);
    const reply = await replyOf(() => plugin?.local?.(request));
    if (reply !== undefined) {
      const { data, schema = null, error = null } = reply;
      const now = Number(stamped.value.timestamp);
      return held.end({ queue: replyTo, entry: { ref, data, source: String(this.#twin), schema, now, error } });
    }
    const rounds = roundsOf(held.uid, destinations, held.settled).filter(({ places }) => places.size > 0);
    if (rounds.length === 0) return held.end();
    this.#follow(request, held, Number(stamped.value.expiration));
    await Promise.all(rounds.map((round) => this.#ask(round, request, held, stamped.value)));
  }

  #follow(request: ProgramRequest, { uid, claimedAt }: HeldRequest, seconds: number): void {
    this.#parts.following.accepted({ uid, claimedAt, seconds, request });
  }

  /** A crash may come between a request's envelope and its note: such a request is known once it is resumed. */
  async find(uid: string): Promise<Question | undefined> {
    const { awaited, programs, resumed } = this.#parts;
    const known = awaited.find(uid) ?? (await programs.findQuestion(uid));
    if (known !== undefined) return known;
    await resumed;
    return awaited.find(uid);
  }

  async give(question: Question, reply: CheckedReply): Promise<boolean> {
    const { awaited, programs, following, credits, log, count } = this.#parts;
    const { fingerprint, times, of, part } = reply;
    const entry = entryOf(question, reply);
    const given = { queue: question.replyTo, entry, fingerprint, times, seconds: Math.max(1, question.seconds) };
    try {
      if (of !== undefined && awaited.hasFailed(reply.envelope.uid, of)) return false;
      // Only the last reply of a stream settles its request.
      const isLast = part?.isLast !== false;
      const settled = of === undefined || !isLast ? undefined : await awaited.reply(reply.envelope.uid, of, given);
      const isNew = settled ?? (await programs.deliverReply(given));
      if (isNew && isLast) following.step(reply.envelope.uid, stepOf(reply));
      const { replyTo: queue, seconds } = question;
      // Also for a repeat: after a crash nobody else knows how far the stream is.
      if (of !== undefined && part !== undefined) {
        if (!isLast) awaited.streams(reply.envelope.uid, of);
        credits.replied({ uid: reply.envelope.uid, twin: of, queue, seconds }, part);
      }
      return isNew;
    } catch (error) {
      // Redis did not answer: the relay keeps the reply.
      if (!(error instanceof ListFault)) throw error;
      count('entry-lost', 'answer');
      const { uid, source } = reply.envelope;
      log.error({ uid, from: source?.twin ?? 0 }, `failed to deliver a reply: ${error.message}`);
      return false;
    }
  }

  /** Cancels a request. Its program gets an error for each twin that has not replied. Returns those twins. */
  async cancel({ uid, destinations }: Pick<RequestStatus, 'uid' | 'destinations'>): Promise<readonly number[]> {
    const { awaited, signal, isOurs } = this.#parts;
    const cancelled: number[] = [];
    for (const round of roundsOf(uid, destinations, new Set())) {
      const question = awaited.find(round.uid);
      for (const twin of round.asked) {
        if (question === undefined || !awaited.isPending(round.uid, twin)) continue;
        cancelled.push(twin);
        // A peer of another kind would keep the command for a service that never comes.
        const isHeard = question.isStream === true || isOurs(twin);
        if (isHeard) signal(twin, question.seconds, { kind: 'cancel', uid: round.uid });
        await this.#fail(round.uid, twin, question, CANCELLED);
      }
    }
    return cancelled;
  }

  /** Nothing to do: another, good reply may still come. */
  refused(): void {}

  /** Tells the program whose request was too large for the relay. Otherwise the program waits in vain. */
  async tooLarge({ uid, destination, size }: SentEnvelope, limit: number | undefined): Promise<void> {
    const question = this.#parts.awaited.find(uid);
    if (question !== undefined) await this.#fail(uid, destination.twin, question, tooLarge(size, limit));
  }

  /** Asks the twins of one round. The program learns of each failure on its own. */
  async #ask(round: Round, request: ProgramRequest, held: HeldRequest, stamped: Envelope): Promise<void> {
    const { awaited, sending, receipts, following, count } = this.#parts;
    const { uid, asked, places } = round;
    const { command, replyTo, ref, destinations } = request;
    const seconds = Number(stamped.expiration);
    const seals = new Map<number, string>();
    const question = { command, replyTo, ref, asked, seconds, seals, isStream: request.isStream };
    const open = {
      question,
      held,
      total: destinations.length,
      places,
      accepted: new Map(),
      until: performance.now() + seconds * 1000,
    };
    // Before anything leaves: a reply may be back before the sending is over.
    awaited.add(uid, open);
    let noted: Promise<void> | undefined;
    let notedSeals = 0;
    await Promise.all(
      [...places.keys()].map(async (twin) => {
        const onSealed = (seal: string) => void seals.set(twin, seal);
        const result = await sending.send({ ...stamped, uid, destination: { twin } }, twin, seconds, onSealed);
        if (result.ok && result.value.sent === 'sent') {
          count('request-sent');
          following.step(uid, { name: 'sent', twin });
          const { bytes, custody } = result.value;
          const hasRoom = receipts.follow(bytes.length, custody, (end) => this.#ended(uid, twin, question, end));
          // The envelope does not wait for the note: this process knows the request, and a crash sends it again.
          if (noted === undefined) {
            notedSeals = seals.size;
            noted = held.note(uid, question, open.until);
          }
          return void (await Promise.all([noted, hasRoom]));
        }
        // Keep the entry claimed: the next start sends it.
        if (result.ok && result.value.sent === 'closed') return;
        await this.#fail(uid, twin, question, result.ok ? LATE : result.error);
      }),
    );
    // The first envelope left the note: it lacks the seals of later ones.
    if (noted !== undefined && seals.size > notedSeals) await held.note(uid, question, open.until);
  }

  /** Acts on the end of this peer's custody of a request. Redis keeps its entry until the reply. */
  async #ended(uid: string, twin: number, question: Question, { outcome, relay }: CustodyEnd): Promise<void> {
    const { awaited, following, pause } = this.#parts;
    // The next start sends it again.
    if (outcome === 'closed') return;
    if (outcome === 'late') return this.#fail(uid, twin, question, NO_RECEIPT);
    if (isAccepted(outcome)) {
      following.step(uid, { name: outcome, twin, relay });
      return awaited.accepted(uid, twin, outcome);
    }
    // The relay has sent an error about it before. This is for a program that did not get that one.
    if (!(await pause(REPORT_MS))) return;
    const detail = `relay ${relay ?? ''} refused the request: ${reasonText(outcome)}`;
    await this.#fail(uid, twin, question, { reason: 'other', detail });
  }

  /** Tells the program that a twin does not get its request, unless it has a reply. */
  async #fail(uid: string, twin: number, question: Question, fault: PeerFault): Promise<void> {
    const { awaited, following } = this.#parts;
    if (!awaited.isPending(uid, twin)) return;
    following.step(uid, { name: 'failed', twin, detail: faultError(fault).message });
    await awaited.fail(uid, twin, this.#told(question, fault));
  }

  #told({ ref, command, replyTo }: Pick<Question, 'ref' | 'command' | 'replyTo'>, fault: PeerFault): Told {
    const error = faultError(fault);
    this.#parts.count('request-failed', fault.reason);
    this.#parts.log.warn({ ref, command, code: error.code }, `failed to send message: ${error.message}`);
    return { queue: replyTo, entry: refusal(ref, error) };
  }
}

function stepOf({ envelope: { source, content }, of }: CheckedReply): Omit<Step, 'at'> {
  const twin = of ?? (source?.twin || undefined);
  if (content?.kind !== 'error') return { name: 'replied', twin };
  const detail = `error ${content.code}: ${content.message}`;
  // Twin 0 is a relay.
  return source === undefined || source.twin === 0
    ? { name: 'failed', twin, detail }
    : { name: 'replied', twin, detail };
}

function tagsOf({ tags, isStream }: ProgramRequest): { readonly tags?: string } {
  const words = [...(tags === null ? [] : [tags]), ...(isStream ? [streamTags(CREDIT)] : [])];
  return words.length === 0 ? {} : { tags: words.join(',') };
}

function entryOf({ ref }: Question, { envelope, data, part }: CheckedReply): ReplyEntry {
  const error = envelope.content?.kind === 'error' ? envelope.content : null;
  return {
    ref,
    // The payload of an error is not for programs: the Rust peer gives them none.
    data: error === null ? data : new Uint8Array(0),
    source: formatAddress(envelope.source ?? { twin: 0 }),
    schema: envelope.schema ?? null,
    now: Number(envelope.timestamp),
    error: error === null ? null : { code: error.code, message: error.message },
    part,
  };
}
