import type { Acceptance, Window } from '../../proto/custody/acceptance.ts';
import { isCustodyFrame, LAST_SEQUENCE } from '../../proto/custody/frame.ts';
import { isPresenceAnswer, type TwinPresence } from '../../proto/custody/presence.ts';
import type { Receipt } from '../../proto/custody/receipts.ts';
import type { FrameEnd } from '../ports.ts';
import { endsWithin, pauseUntil } from '../session/waiting.ts';
import { type Arrived, Link } from './link.ts';
import { Questions } from './questions.ts';

/**
 * Pauses before an envelope is tried again that cannot be processed, ms. Redis that is away makes no envelope fail: it
 * waits. What fails is, for example, a reply for a key that is no list: it must not fill the window.
 */
const RETRIES_MS = [1_000, 2_000];
/** A receipt waits so long for a handler and the way of its reply: a relay waits for 60 s, ms. */
const LONGEST_WORK_MS = 30_000;
/** At the end, receipts have this long to come, ms. */
const LEAVE_MS = 2_000;

/** A custody session, as far as sending needs it. */
export interface CustodyWay {
  /** host[:port] of its relay */
  readonly name: string;
  /** Sends an envelope under a sequence; each sequence follows the one before. */
  write(sequence: number, bytes: Uint8Array): void;
  /** Resolves with the presence of twins at its relay, in their order; undefined when the session ends before. */
  ask(twins: readonly number[]): Promise<readonly TwinPresence[] | undefined>;
}

/** The keeper of envelopes, over all relays, to which custody sessions report. */
export interface CustodyReports {
  /** A session began. */
  opened(way: CustodyWay, window: Window): void;
  /** @param lostBefore set if the relay’s object has lost its memory since: it knows nothing of earlier sequences */
  receive(way: CustodyWay, receipts: readonly Receipt[], lostBefore: number | undefined): void;
  lost(way: CustodyWay): void;
  /** Returns the number of envelopes without a receipt. */
  without(way: CustodyWay): number;
}

/** The socket and the client around a custody session. */
export interface CustodyPort {
  /** Hands a message to the socket. */
  send(message: Uint8Array): void;
  /** Processes an envelope; never rejects. */
  take(bytes: Uint8Array): Promise<FrameEnd | undefined>;
  /** An envelope goes to the socket with this turn. */
  onWrite(bytes: Uint8Array): void;
  /** The relay sent a frame that is malformed. */
  onMalformed(why: string): void;
  /** The last sequence is used up: the next envelope needs another connection. */
  onUsedUp(): void;
  /** Calls back at the end of this turn of the event loop. */
  afterTurn(run: () => void): void;
}

/** The custody session of one socket: the I/O and the timers around `Link`. */
export class CustodySession implements CustodyWay {
  /** host[:port] of the relay. */
  readonly name: string;
  readonly #port: CustodyPort;
  readonly #keeper: CustodyReports;
  readonly #link: Link;
  readonly #questions: Questions;
  readonly #ended = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  readonly #pause = pauseUntil(this.#ended.signal);
  #isTaking = true;
  #isFlushing = false;
  /** Envelopes that came and have no receipt yet. */
  #inWork = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onSettled: () => void = () => undefined;

  constructor(name: string, acceptance: Acceptance, keeper: CustodyReports, port: CustodyPort) {
    this.name = name;
    this.#link = new Link(acceptance);
    this.#keeper = keeper;
    this.#port = port;
    this.#questions = new Questions((message) => port.send(message));
    keeper.opened(this, acceptance.window);
  }

  /** Resolves with the presence of twins at this relay, in their order; undefined when the session ends before. */
  ask(twins: readonly number[]): Promise<readonly TwinPresence[] | undefined> {
    return this.#questions.ask(twins);
  }

  /** Sends an envelope with all others of this turn. */
  write(sequence: number, bytes: Uint8Array): void {
    this.#link.write(sequence, bytes);
    this.#port.onWrite(bytes);
    this.#flushSoon();
    if (sequence === LAST_SEQUENCE) this.#port.onUsedUp();
  }

  /** Takes a binary message of the relay. */
  message(bytes: Uint8Array): void {
    if (this.#ended.signal.aborted) return;
    if (isPresenceAnswer(bytes)) {
      this.#questions.answered(bytes);
      return;
    }
    if (!isCustodyFrame(bytes)) {
      // An older release of the relay may have been rolled back under an open socket.
      if (this.#isTaking) void this.#port.take(bytes);
      return;
    }
    const heard = this.#link.hear(bytes);
    if (!heard.ok) {
      this.#port.onMalformed(heard.error);
      return;
    }
    const { receipts, lostBefore, arrived } = heard.value;
    if (receipts.length > 0 || lostBefore !== undefined) this.#keeper.receive(this, receipts, lostBefore);
    this.#settled();
    // Without receipts, the relay stores what comes now.
    if (this.#isTaking) for (const each of arrived) void this.#take(each);
  }

  /** Processes nothing that comes from now on. Receipts are still taken. */
  finish(): void {
    this.#isTaking = false;
  }

  /**
   * Waits for the receipts of what was sent, and gives its own.
   * @param ms limit, of at most 2 s
   * @returns whether every envelope that was sent has its receipt
   */
  async leave(ms = LEAVE_MS): Promise<boolean> {
    this.finish();
    this.#flush(true);
    const settled = new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
    this.#settled();
    await endsWithin(Math.min(ms, LEAVE_MS), Promise.race([settled, this.#end.promise]));
    this.#flush(true);
    return this.#keeper.without(this) === 0;
  }

  /** The socket has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
    this.#end.resolve();
    this.#questions.end();
    this.#keeper.lost(this);
  }

  async #take(arrived: Arrived): Promise<void> {
    this.#inWork += 1;
    let end = await this.#port.take(arrived.bytes);
    for (const ms of RETRIES_MS) {
      if (end?.isTaken !== false) break;
      if (await this.#pause(ms)) end = await this.#port.take(arrived.bytes);
    }
    const until = end?.until;
    if (until !== undefined) await endsWithin(LONGEST_WORK_MS, Promise.race([until.then(() => {}), this.#end.promise]));
    this.#inWork -= 1;
    // A program that stops may be the cause: the relay stores what has no receipt.
    const isGivenUp = end?.isTaken === false && !this.#isTaking;
    if (!isGivenUp && !this.#ended.signal.aborted) {
      this.#link.taken(arrived, performance.now());
      if (this.#link.isDue(performance.now()) || !this.#isTaking) this.#flushSoon();
      else this.#timer ??= this.#wake();
    }
    this.#settled();
  }

  /** Gives receipts that no data carried. */
  #wake(): ReturnType<typeof setTimeout> | undefined {
    const at = this.#link.nextAt();
    if (at === undefined) return undefined;
    const wait = Math.max(0, Math.ceil(at - performance.now()));
    return setTimeout(() => {
      this.#flush(false);
      this.#timer = this.#wake();
    }, wait);
  }

  /** At the end of this turn: envelopes that wait by then share a frame. */
  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#port.afterTurn(() => {
      this.#isFlushing = false;
      this.#flush(!this.#isTaking);
      this.#timer ??= this.#wake();
    });
  }

  #flush(isLast: boolean): void {
    if (this.#ended.signal.aborted) return;
    for (const frame of this.#link.frames(performance.now(), isLast)) this.#port.send(frame);
  }

  #settled(): void {
    if (this.#inWork === 0 && this.#keeper.without(this) === 0) this.#onSettled();
  }
}
