import { wait } from '../../proto/chain/wait.ts';
import type { Result } from '../../proto/result.ts';
import { err } from '../../proto/result.ts';

/** Dials of an isolate at the same time. A request of the platform may open no more connections either. */
export const MOST_DIALS = 6;
/** Keys that one dial reads together. */
export const KEYS_A_DIAL = 250;
/** How often a waiting request looks for the answer: less often the more keys wait, as each look costs time. */
const LOOK_MS = 10;
const MOST_LOOK_MS = 200;
const KEYS_A_LOOK_MS = 10;
/** How often the leader of a dial shows that it lives. */
const BEAT_MS = 50;
/** After this long without a sign of life the leader may be dead… */
const LEASE_MS = 400;
/** …and is, if a request finds that for so long. It is longer than a beat: after a stall all signs are late. */
const LATE_MS = 80;
/** A request whose time is over waits this much longer for what its dial says of the nodes. */
const LAST_WORD_MS = 50;

/** Takes the answer to one key. An error is not final while the dial goes on. */
export type Tell<T> = (key: number, answer: Result<T, string>) => void;

/** Reads keys together, with what is known of each. Its end means that no more answers come. */
export type Read<T, N> = (asked: ReadonlyMap<number, N | undefined>, tell: Tell<T>) => Promise<void>;

interface Dial<T, N> {
  beat: number;
  readonly tickets: ReadonlyMap<number, Ticket<T, N>>;
}

interface Ticket<T, N> {
  readonly known: N | undefined;
  /** Absent: it waits for a dial. */
  dial?: Dial<T, N> | undefined;
  answer?: Result<T, string> | undefined;
  isDone: boolean;
}

/**
 * The reads of an isolate: a key is read once for all requests that want it, and at most six dials are open. Keys that wait
 * for one are read together by the next.
 *
 * In workerd a promise that depends on another request's I/O never settles once that request, or its object, is aborted.
 * So only plain data is shared, as in `Flights`: each request waits on its own timers, and takes over from a leader that
 * shows no life.
 */
export class Dials<T, N> {
  readonly #tickets = new Map<number, Ticket<T, N>>();
  readonly #dials = new Set<Dial<T, N>>();

  /** Returns whether a key waits for a dial, or is being read. */
  has(key: number): boolean {
    return this.#tickets.has(key);
  }

  /**
   * Returns the answer to a key. Reads it, together with all keys that wait, unless a request already does.
   * @param known passed to the request that reads the key
   * @param read of this request; must not reject
   * @param until Unix ms at which this request gives up, with the last error or undefined. The dial goes on
   * @param background keeps this request alive, after its answer, for its dial
   */
  async once(
    key: number,
    known: N | undefined,
    read: Read<T, N>,
    until: number,
    background: (work: Promise<void>) => void,
  ): Promise<Result<T, string> | undefined> {
    const ticket = this.#tickets.get(key) ?? { known, isDone: false };
    this.#tickets.set(key, ticket);
    let leading: Promise<void> | undefined;
    let late: number | undefined;
    while (!ticket.isDone && !isOver(ticket, Date.now() - until)) {
      if (ticket.dial === undefined && this.#dials.size < MOST_DIALS) {
        leading = this.#lead(key, ticket, read);
        await within(leading, until - Date.now());
        continue;
      }
      const watched = ticket.dial ?? this.#oldest();
      const beat = watched?.beat ?? 0;
      const look = Math.min(LOOK_MS + Math.floor(this.#tickets.size / KEYS_A_LOOK_MS), MOST_LOOK_MS);
      await wait(look);
      const isLate = watched?.beat === beat && Date.now() - beat >= LEASE_MS;
      // The first late look counts for nothing: it may be the one that lasted through the stall.
      late = isLate ? (late ?? -look) + look : undefined;
      if (watched === undefined || late === undefined || late < LATE_MS) continue;
      this.#bury(watched);
      late = undefined;
    }
    // Not before: a request that is aborted must not keep a dial alive for which others wait.
    if (leading !== undefined) background(leading);
    return ticket.answer;
  }

  async #lead(key: number, own: Ticket<T, N>, read: Read<T, N>): Promise<void> {
    const tickets = new Map([[key, own]]);
    for (const [other, ticket] of this.#tickets) {
      if (tickets.size >= KEYS_A_DIAL) break;
      if (ticket.dial === undefined) tickets.set(other, ticket);
    }
    const dial = { beat: Date.now(), tickets };
    for (const ticket of tickets.values()) Object.assign(ticket, { dial, answer: undefined });
    this.#dials.add(dial);
    const stop = new AbortController();
    const beating = showLife(dial, stop.signal);
    try {
      await read(new Map([...tickets].map(([each, ticket]) => [each, ticket.known])), (each, answer) => {
        const ticket = tickets.get(each);
        if (ticket === undefined || ticket.isDone) return;
        ticket.answer = answer;
        if (answer.ok) this.#end(each, ticket);
      });
    } finally {
      this.#dials.delete(dial);
      for (const [each, ticket] of tickets) {
        if (ticket.isDone || ticket.dial !== dial) continue;
        ticket.answer ??= err('it was not read');
        this.#end(each, ticket);
      }
      stop.abort();
      await beating;
    }
  }

  #end(key: number, ticket: Ticket<T, N>): void {
    ticket.isDone = true;
    if (this.#tickets.get(key) === ticket) this.#tickets.delete(key);
  }

  #oldest(): Dial<T, N> | undefined {
    return [...this.#dials].reduce((oldest: Dial<T, N> | undefined, each) => {
      return oldest === undefined || each.beat < oldest.beat ? each : oldest;
    }, undefined);
  }

  /** Frees the place of a dead dial. Its keys wait again. */
  #bury(dead: Dial<T, N>): void {
    this.#dials.delete(dead);
    for (const ticket of dead.tickets.values()) if (ticket.dial === dead) ticket.dial = undefined;
  }
}

/** Returns whether a request waits no longer. @param late ms since its time was over */
function isOver<T, N>({ answer, dial }: Ticket<T, N>, late: number): boolean {
  if (late < 0) return false;
  return answer !== undefined || dial === undefined || late >= LAST_WORD_MS;
}

async function showLife(dial: { beat: number }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    dial.beat = Date.now();
    await wait(BEAT_MS, signal);
  }
}

/** Waits for work of this request, at most so long, and at least for a look. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  const stop = new AbortController();
  try {
    await Promise.race([work, wait(Math.max(ms, LOOK_MS), stop.signal)]);
  } finally {
    stop.abort();
  }
}
