import type { Host } from '../../host.ts';
import { afterDeliver, afterStore, decide, isFree, ORDINARY, type Pace, type Unproven } from './back-pressure.ts';

/** A note is written again once it is this far off. A sleep forgets less than this of each of the 1,000 sockets. */
const NOTE_BYTES = 16 * 1024;

/** The unproven bytes of a socket, as noted on it. */
export interface UnprovenNote extends Unproven {
  /** The last automatic answer of the platform that was taken into account, Unix ms. */
  readonly answeredAt?: number | undefined;
}

/** The port of the ledger to its object. */
export interface LedgerPort<S> {
  readonly host: Pick<Host, 'now'>;
  readonly sockets: {
    /** Returns all sockets that may still hold bytes, with those that the relay has closed. */
    sockets(): readonly S[];
    /** Returns whether a socket holds a session. */
    isOpen(socket: S): boolean;
    unprovenOn(socket: S): UnprovenNote | undefined;
    noteUnproven(socket: S, note: UnprovenNote): void;
  };
  /** Returns when the platform last answered this socket's client automatically, Unix ms. */
  answeredAt(socket: S): number | undefined;
  /** Closes another socket, whose unproven bytes fill the room of all. */
  evict(socket: S): void;
}

/**
 * The action for bytes to a socket: `deliver` them; `hold` them back until `again` (Unix ms), `isInVain` if this socket
 * is at its limit for the first time since its client was heard; or `evict` the socket.
 */
export type Judgement =
  | { readonly kind: 'deliver' | 'evict' }
  | { readonly kind: 'hold'; readonly again: number; readonly isInVain: boolean };

const DELIVER: Judgement = { kind: 'deliver' };

/** The unproven bytes of one socket. They change in place, because every message counts here. */
interface Account<S> {
  readonly socket: S;
  bytes: number;
  fullAt: number | undefined;
  heldAt: number | undefined;
  answeredAt: number | undefined;
  /** The bytes as noted on the socket. */
  notedBytes: number;
}

/** The unproven bytes of an object's sockets. */
export class Ledger<S extends object> {
  readonly #port: LedgerPort<S>;
  readonly #accounts = new Map<S, Account<S>>();
  /** The unproven bytes of all sockets together; undefined after waking. */
  #sum: number | undefined;

  constructor(port: LedgerPort<S>) {
    this.#port = port;
  }

  /** Returns the account of a socket. It is looked up once for a batch. */
  account(socket: S): { judge(bytes: number, pace: Pace): Judgement; handed(bytes: number): void } {
    const account = this.#of(socket);
    return {
      judge: (bytes, pace) => this.#judge(account, bytes, pace),
      handed: (bytes) => {
        this.#sum = this.#all() + bytes;
        account.bytes += bytes;
      },
    };
  }

  #judge(account: Account<S>, bytes: number, pace: Pace): Judgement {
    if (pace === ORDINARY && isFree(account.bytes, this.#all(), bytes)) return DELIVER;
    const { socket } = account;
    this.#hearAnswers(account);
    const now = this.#port.host.now();
    const decision = decide(account, this.#all(), bytes, pace, now);
    if (decision.kind === 'deliver') {
      Object.assign(account, afterDeliver(account, bytes, pace, now));
      return DELIVER;
    }
    if (decision.kind === 'evict') {
      const whom = decision.whom === 'this' ? socket : this.#largest(socket);
      if (whom === socket) return { kind: 'evict' };
      this.#port.evict(whom);
      // Its bytes stay in memory until its client is gone. Until then one eviction must not cause the next.
      account.heldAt = undefined;
      return this.#judge(account, bytes, pace);
    }
    const isInVain = decision.isOwn && account.heldAt === undefined;
    Object.assign(account, afterStore(account, now));
    return { kind: 'hold', again: decision.again, isInVain };
  }

  /** Notes a sign of life from a socket's client. */
  heard(socket: S): void {
    const account = this.#of(socket);
    if (account.bytes === 0 && account.heldAt === undefined) return;
    this.#sum = this.#all() - account.bytes;
    account.bytes = 0;
    account.fullAt = undefined;
    account.heldAt = undefined;
  }

  /** Notes that nothing is held back for a socket any more. */
  release(socket: S): void {
    this.#of(socket).heldAt = undefined;
  }

  /** Notes the end of a socket: its bytes are gone. */
  ended(socket: S): void {
    const { bytes, notedBytes } = this.#of(socket);
    this.#sum = this.#all() - bytes;
    this.#accounts.delete(socket);
    if (notedBytes > 0) this.#port.sockets.noteUnproven(socket, { bytes: 0 });
  }

  /** Writes notes on the sockets, so that a sleep does not forget them. */
  keep(): void {
    for (const [socket, account] of this.#accounts) {
      const { bytes, fullAt, heldAt, answeredAt, notedBytes } = account;
      if (Math.abs(bytes - notedBytes) < NOTE_BYTES) continue;
      account.notedBytes = bytes;
      this.#port.sockets.noteUnproven(socket, { bytes, fullAt, heldAt, answeredAt });
    }
  }

  #hearAnswers(account: Account<S>): void {
    const answeredAt = this.#port.answeredAt(account.socket);
    if (answeredAt === undefined || answeredAt <= (account.answeredAt ?? 0)) return;
    account.answeredAt = answeredAt;
    this.heard(account.socket);
  }

  /** Returns the open socket with most unproven bytes; `socket` if none has more than that one. */
  #largest(socket: S): S {
    let largest = socket;
    for (const [each, { bytes }] of this.#accounts) {
      if (bytes > this.#of(largest).bytes && this.#port.sockets.isOpen(each)) largest = each;
    }
    return largest;
  }

  #all(): number {
    if (this.#sum !== undefined) return this.#sum;
    this.#sum = 0;
    for (const socket of this.#port.sockets.sockets()) this.#sum += this.#of(socket).bytes;
    return this.#sum;
  }

  #of(socket: S): Account<S> {
    const known = this.#accounts.get(socket);
    if (known !== undefined) return known;
    const { bytes = 0, fullAt, heldAt, answeredAt } = this.#port.sockets.unprovenOn(socket) ?? {};
    const account = { socket, bytes, fullAt, heldAt, answeredAt, notedBytes: bytes };
    this.#accounts.set(socket, account);
    return account;
  }
}
