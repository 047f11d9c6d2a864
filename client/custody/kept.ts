import type { Window } from '../../proto/custody/acceptance.ts';
import { isAccepted, isPassing, type Outcome } from '../../proto/custody/outcome.ts';
import type { Receipt } from '../../proto/custody/receipts.ts';
import { Unacknowledged } from '../../proto/custody/unacknowledged.ts';
import { type Again, KeptEnvelope } from './envelope.ts';

/** Without a receipt for so long, an envelope is sent again; each further time it takes twice as long, ms. */
export const SILENT_MS = 5_000;
/** Its receiver may only be slow: repeats must not add to that. */
const LONGEST_SILENT_MS = 40_000;
/** Pause after a refusal that may pass; each further one doubles it, ms. */
export const REST_MS = 1_000;
export const LONGEST_REST_MS = 10_000;
/** Such a pause is longer by up to this part of it. */
const REST_JITTER = 0.5;

/** How much a client keeps. One envelope alone may be larger. */
export interface KeptLimits {
  readonly envelopes: number;
  readonly bytes: number;
}

/** Limits of a client, over all its relays. */
const KEPT_LIMITS: KeptLimits = { envelopes: 10_000, bytes: 64 * 2 ** 20 };

/** An envelope whose custody has ended. */
export interface Ended<Way, Note> {
  readonly envelope: KeptEnvelope<Way, Note>;
  readonly outcome: Outcome | 'late' | 'closed';
  /** The connection that gave the receipt, or the plain relay; undefined without one. */
  readonly way: Way | undefined;
}

/**
 * Every envelope in this client’s custody: those that wait for a connection, and those without a receipt, over all
 * relays. It does no I/O and reads no clock: `now` is ms of one clock that never goes back. `Way` is a connection, `Note`
 * is the sender’s own. Each envelope that was added ends exactly once.
 */
export class Kept<Way, Note> {
  readonly #limits: KeptLimits;
  readonly #isRequest: (bytes: Uint8Array) => boolean;
  readonly #random: () => number;
  readonly #all = new Set<KeptEnvelope<Way, Note>>();
  readonly #ways = new Map<Way, Unacknowledged<KeptEnvelope<Way, Note>>>();
  /**
   * Sequences under which a connection had envelopes before it got them again, for want of a receipt. A late receipt for one still counts: it
   * may be all that comes, for example after each repeat the receipt of the one before.
   */
  readonly #earlier = new Map<Way, Map<number, KeptEnvelope<Way, Note>>>();
  /** To be sent again, in their old order, before all others. */
  #first = new Set<KeptEnvelope<Way, Note>>();
  /** To be sent for the first time. */
  readonly #fresh = new Set<KeptEnvelope<Way, Note>>();
  #bytes = 0;
  #order = 0;

  /**
   * @param isRequest whether an envelope is a request; asked only about refused ones
   * @param random returns a number from 0 to 1: pauses after refusals differ, so that clients do not come together
   */
  constructor(isRequest: (bytes: Uint8Array) => boolean, limits: KeptLimits = KEPT_LIMITS, random = () => 0) {
    this.#isRequest = isRequest;
    this.#limits = limits;
    this.#random = random;
  }

  /** Number of envelopes in custody. */
  get size(): number {
    return this.#all.size;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns whether there is room for one more envelope of so many bytes. */
  hasRoom(bytes: number): boolean {
    if (this.#all.size === 0) return true;
    return this.#all.size < this.#limits.envelopes && this.#bytes + bytes <= this.#limits.bytes;
  }

  /**
   * Takes custody of an envelope: it waits to be handed over.
   * @param deadline ms
   * @param again set for an envelope that was handed over before: it comes before those that were not
   */
  add(bytes: Uint8Array, deadline: number, note: Note, again?: Again): KeptEnvelope<Way, Note> {
    this.#order += 1;
    const envelope = new KeptEnvelope<Way, Note>(bytes, deadline, note, this.#order, again);
    this.#all.add(envelope);
    this.#bytes += bytes.length;
    (again === undefined ? this.#fresh : this.#first).add(envelope);
    return envelope;
  }

  /** Envelopes that wait to be handed over, in the order in which they leave. */
  *waiting(): Generator<KeptEnvelope<Way, Note>> {
    yield* this.#first;
    yield* this.#fresh;
  }

  /** A custody session began. */
  open(way: Way, window: Window): void {
    this.#ways.set(way, new Unacknowledged(window));
  }

  /** Returns whether the connection’s window has room for an envelope. */
  fits(way: Way, { bytes }: KeptEnvelope<Way, Note>): boolean {
    const out = this.#ways.get(way);
    return out?.next !== undefined && out.fits(bytes.length);
  }

  /** Number of envelopes without a receipt on a connection. */
  without(way: Way): number {
    return this.#ways.get(way)?.size ?? 0;
  }

  /** A waiting envelope goes into a connection. Returns the sequence under which it does. @throws without a session */
  hand(envelope: KeptEnvelope<Way, Note>, way: Way, now: number): number {
    const out = this.#ways.get(way);
    if (out === undefined) throw new Error('custody: this connection has no session');
    const sequence = out.add(envelope);
    this.#leave(envelope);
    envelope.place = { kind: 'out', way, sequence, since: now };
    return sequence;
  }

  /** A waiting envelope is written to a plain relay’s socket. `end` or `back` must follow. */
  handPlain(envelope: KeptEnvelope<Way, Note>): void {
    this.#leave(envelope);
    envelope.place = { kind: 'leaving' };
  }

  /** A plain relay’s socket did not take the envelope: it waits again. */
  back(envelope: KeptEnvelope<Way, Note>): void {
    if (envelope.place.kind === 'leaving') this.#again([envelope], envelope.again);
  }

  /** Ends the custody of an envelope, for example because a plain relay’s socket has it. */
  end(
    envelope: KeptEnvelope<Way, Note>,
    outcome: Ended<Way, Note>['outcome'],
    way?: Way,
  ): Ended<Way, Note> | undefined {
    if (envelope.place.kind === 'ended') return undefined;
    this.#forget(envelope);
    this.#leave(envelope);
    this.#all.delete(envelope);
    this.#bytes -= envelope.bytes.length;
    envelope.place = { kind: 'ended' };
    return { envelope, outcome, way };
  }

  /** Takes receipts of a connection. Returns the envelopes whose custody they end. */
  receive(way: Way, receipts: readonly Receipt[], now: number): Ended<Way, Note>[] {
    const out = this.#ways.get(way);
    if (out === undefined) return [];
    const ended: Ended<Way, Note>[] = [];
    for (const receipt of receipts) {
      for (const { item, outcome } of out.receive(receipt)) {
        item.place = { kind: 'waiting' };
        const end = this.#isFinal(item, outcome) ? this.end(item, outcome, way) : this.#rest(item, now);
        if (end !== undefined) ended.push(end);
      }
      if (isAccepted(receipt.outcome)) ended.push(...this.#receiveLate(way, receipt));
    }
    return ended;
  }

  #receiveLate(way: Way, { first, last, outcome }: Receipt): Ended<Way, Note>[] {
    const earlier = this.#earlier.get(way);
    if (earlier === undefined) return [];
    const ended: Ended<Way, Note>[] = [];
    for (const [sequence, envelope] of earlier) {
      if (sequence < first || sequence > last) continue;
      earlier.delete(sequence);
      const end = this.end(envelope, outcome, way);
      if (end !== undefined) ended.push(end);
    }
    return ended;
  }

  /** A connection ended: what has no receipt is sent again. */
  lost(way: Way): void {
    const out = this.#ways.get(way);
    this.#ways.delete(way);
    this.#earlier.delete(way);
    this.#again(out?.takeAll() ?? [], 'lost');
  }

  /** The relay’s object lost its memory of sequences before this one: what has no receipt is sent again. */
  restarted(way: Way, before: number): void {
    this.#again(this.#ways.get(way)?.takeBefore(before) ?? [], 'epoch');
  }

  /** Time has passed. Returns the envelopes whose time is over. */
  time(now: number): Ended<Way, Note>[] {
    const late: Ended<Way, Note>[] = [];
    const silent: KeptEnvelope<Way, Note>[] = [];
    const rested: KeptEnvelope<Way, Note>[] = [];
    for (const envelope of this.#all) {
      // What a plain relay’s socket takes at this moment is not late: it may be on its way.
      if (envelope.place.kind === 'leaving') continue;
      if (now >= envelope.deadline) {
        const end = this.end(envelope, 'late');
        if (end !== undefined) late.push(end);
      } else if (dueAt(envelope) <= now) (envelope.place.kind === 'out' ? silent : rested).push(envelope);
    }
    for (const envelope of silent) {
      this.#remember(envelope);
      this.#forget(envelope);
      envelope.silences += 1;
    }
    this.#again(silent, 'silent');
    this.#again(rested, 'refused');
    return late;
  }

  /** Returns when `time` has something to do, ms; undefined when nothing is kept. */
  nextAt(): number | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const envelope of this.#all) {
      if (envelope.place.kind !== 'leaving') next = Math.min(next, envelope.deadline, dueAt(envelope));
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** The client sends no more: ends what was never handed over. */
  closeFresh(): Ended<Way, Note>[] {
    const fresh = [...this.waiting()].filter(({ again }) => again === undefined);
    return fresh.flatMap((envelope) => this.end(envelope, 'closed') ?? []);
  }

  /** The client has stopped: ends everything. */
  closeAll(): Ended<Way, Note>[] {
    return [...this.#all].flatMap((envelope) => this.end(envelope, 'closed') ?? []);
  }

  /** A refused request has its error envelope. Nobody learns of a refused reply, so it is tried again. */
  #isFinal({ bytes }: KeptEnvelope<Way, Note>, outcome: Outcome): boolean {
    if (isAccepted(outcome) || !isPassing(outcome)) return true;
    return outcome !== 'undelivered' && this.#isRequest(bytes);
  }

  #rest(envelope: KeptEnvelope<Way, Note>, now: number): undefined {
    const pause = Math.min(REST_MS * 2 ** envelope.refusals, LONGEST_REST_MS) * (1 + this.#random() * REST_JITTER);
    envelope.refusals += 1;
    envelope.place = { kind: 'resting', until: now + pause };
  }

  #again(envelopes: readonly KeptEnvelope<Way, Note>[], again: Again | undefined): void {
    if (envelopes.length === 0) return;
    for (const envelope of envelopes) {
      envelope.again = again;
      envelope.place = { kind: 'waiting' };
    }
    this.#first = new Set([...this.#first, ...envelopes].sort((a, b) => a.order - b.order));
  }

  /** Remembers under which sequence its connection has an envelope. */
  #remember(envelope: KeptEnvelope<Way, Note>): void {
    const { place } = envelope;
    if (place.kind !== 'out') return;
    let earlier = this.#earlier.get(place.way);
    if (earlier === undefined) {
      earlier = new Map();
      this.#earlier.set(place.way, earlier);
    }
    // Of envelopes that have ended, nothing is remembered: otherwise a long connection would remember everything.
    for (const [sequence, each] of earlier) {
      if (each.place.kind !== 'ended') break;
      earlier.delete(sequence);
    }
    earlier.set(place.sequence, envelope);
  }

  /** Gives its part of the window back. */
  #forget({ place }: KeptEnvelope<Way, Note>): void {
    if (place.kind !== 'out') return;
    const { way, sequence } = place;
    this.#ways.get(way)?.receive({ first: sequence, last: sequence, outcome: 'undelivered' });
  }

  #leave(envelope: KeptEnvelope<Way, Note>): void {
    this.#first.delete(envelope);
    this.#fresh.delete(envelope);
  }
}

/** Returns when something is to be done about an envelope before its deadline, ms. */
function dueAt<Way, Note>({ place, silences }: KeptEnvelope<Way, Note>): number {
  if (place.kind === 'resting') return place.until;
  if (place.kind !== 'out') return Number.POSITIVE_INFINITY;
  return place.since + Math.min(SILENT_MS * 2 ** silences, LONGEST_SILENT_MS);
}
