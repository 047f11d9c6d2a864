import type { Host } from '../../host.ts';
import type { StoredValue } from '../storage/stored-value.ts';
import { ORDINARY, type Pace, WARY } from './back-pressure.ts';
import { type HandOutCounts, HandOuts } from './hand-outs.ts';

/** A connected session whose envelopes are held back. */
interface Hold {
  /** When to look again, Unix ms. */
  readonly again: number;
  readonly pace: Pace;
}

/** Connected sessions that may take no more for now. Each is looked at again in time; no other session has a timer. */
export class Holds {
  readonly #host: Host;
  readonly #look: (sid: string | undefined) => Promise<void>;
  readonly #handOuts: HandOuts;
  readonly #holds = new Map<string | undefined, Hold>();

  /** @param look tries to send to a session again */
  constructor(host: Host, handOuts: StoredValue<HandOutCounts>, look: (sid: string | undefined) => Promise<void>) {
    this.#host = host;
    this.#look = look;
    this.#handOuts = new HandOuts(handOuts);
  }

  /** Returns whether no session is held back. */
  get isEmpty(): boolean {
    return this.#holds.size === 0;
  }

  /** Returns whether it is too early to look at a session again. */
  isEarly(sid: string | undefined): boolean {
    const hold = this.#holds.get(sid);
    return hold !== undefined && hold.again > this.#host.now();
  }

  /** Returns how fast a session's mailbox is handed out. The first page goes fast, because most mailboxes have no other. */
  paceOf(sid: string | undefined, isFirstPage: boolean): Pace {
    const hold = this.#holds.get(sid);
    if (hold !== undefined) return hold.pace;
    return !isFirstPage && this.#handOuts.isSuspect(sid) ? WARY : ORDINARY;
  }

  /** Returns whether a session may not have read its pages. Pages that went slowly count as read, so that this ends. */
  isDoubted(sid: string | undefined): boolean {
    return this.#holds.get(sid)?.pace === ORDINARY;
  }

  /** Holds a session back until `again`. @param isInVain its client was not heard since it was given pages */
  hold(sid: string | undefined, again: number, isInVain: boolean, pace: Pace): void {
    if (isInVain && pace === ORDINARY) this.#handOuts.inVain(sid);
    const hold = { again, pace };
    this.#holds.set(sid, hold);
    this.#host.background(this.#lookAgain(sid, hold));
  }

  /** Notes a sign of life from a session's client. Returns whether the session was held back. */
  heard(sid: string | undefined): boolean {
    if (this.#holds.size === 0 || !this.#holds.delete(sid)) return false;
    this.#handOuts.heard(sid);
    return true;
  }

  /** Ends a hold. Returns whether the session was held back. */
  end(sid: string | undefined): boolean {
    return this.#holds.delete(sid);
  }

  async #lookAgain(sid: string | undefined, hold: Hold): Promise<void> {
    await this.#host.wait(hold.again - this.#host.now());
    if (this.#holds.get(sid) === hold) await this.#look(sid);
  }
}
