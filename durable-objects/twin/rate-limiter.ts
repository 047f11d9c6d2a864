import { add, exceeds, isLimited, minuteOf, type RateLimit, type RateWindow } from './rate-window.ts';
import { WritePace } from './write-pace.ts';

/** Where counts outlive the object's sleep. */
export interface ShareStore<S> {
  /** All sockets of the twin. */
  sockets(): readonly S[];
  /** What stands on a socket. */
  read(socket: S): RateWindow | undefined;
  write(socket: S, share: RateWindow): void;
  /** What sessions that have ended sent in this minute. */
  readEnded(minute: number): RateWindow | undefined;
  addEnded(share: RateWindow): void;
  /** Unix ms. */
  now(): number;
  /** Runs work when the frames that have arrived are through, and so many ms have passed. */
  soon(work: () => void, ms: number): void;
}

/** A window that is still counted in, by us alone. */
type OpenWindow = { -readonly [Field in keyof RateWindow]: RateWindow[Field] };

/**
 * A twin's limit: whole minutes, all its sessions together (PROTOCOL §6, step 2). Each socket carries its own
 * share, so that a sleep forgets nothing (an object that has yet to write one does not sleep).
 */
export class RateLimiter<S> {
  readonly #limit: RateLimit;
  readonly #store: ShareStore<S>;
  /** The whole twin's; undefined after waking. */
  #total: OpenWindow | undefined;
  /** Shares that do not stand on their socket yet. */
  readonly #unwritten = new Map<S, OpenWindow>();
  readonly #pace = new WritePace();

  constructor(limit: RateLimit, store: ShareStore<S>) {
    this.#limit = limit;
    this.#store = store;
  }

  /** Counts a frame; whether it may pass. @param now Unix ms */
  admit(socket: S, bytes: number, now: number): boolean {
    if (!isLimited(this.#limit)) return true;
    const minute = minuteOf(now);
    const total = this.#totalOf(minute);
    countIn(total, bytes);
    if (this.#pace.note()) this.#store.soon(() => this.#write(), this.#pace.wait(now));
    const share = this.#unwritten.get(socket);
    if (share?.minute === minute) countIn(share, bytes);
    else this.#unwritten.set(socket, add(share ?? this.#store.read(socket), minute, 1, bytes));
    return !exceeds(total, this.#limit);
  }

  /** A socket leaves the twin's sockets: its share stays until the minute is over. @param now Unix ms */
  ended(socket: S, now: number): void {
    if (!isLimited(this.#limit)) return;
    const share = this.#shareOf(socket);
    this.#unwritten.delete(socket);
    if (share?.minute !== minuteOf(now)) return;
    this.#store.addEnded(share);
  }

  #totalOf(minute: number): OpenWindow {
    if (this.#total?.minute === minute) return this.#total;
    this.#total = this.#sumOf(minute);
    return this.#total;
  }

  #sumOf(minute: number): RateWindow {
    const shares = this.#store.sockets().map((socket) => this.#shareOf(socket));
    const ofMinute = [...shares, this.#store.readEnded(minute)].filter((share) => share?.minute === minute);
    return ofMinute.reduce<RateWindow>((sum, share) => add(sum, minute, share?.messages ?? 0, share?.bytes ?? 0), {
      minute,
      messages: 0,
      bytes: 0,
    });
  }

  #shareOf(socket: S): RateWindow | undefined {
    return this.#unwritten.get(socket) ?? this.#store.read(socket);
  }

  #write(): void {
    this.#pace.written(this.#store.now());
    const shares = [...this.#unwritten];
    // Before it is written: a write that fails must not stop all later ones.
    this.#unwritten.clear();
    for (const [socket, share] of shares) this.#store.write(socket, share);
  }
}

/** Counts a frame where it costs no new object. */
function countIn(window: OpenWindow, bytes: number): void {
  window.messages += 1;
  window.bytes += bytes;
}
