import type { Host } from '../../host.ts';
import { WritePace } from '../counts/write-pace.ts';
import type { SocketNotes } from '../sessions/socket-notes.ts';
import { add, exceeds, isLimited, minuteOf, type RateLimit, type RateWindow } from './rate-window.ts';

/** The port of a limiter to its object. */
export interface RateLimiterPort<S> {
  readonly host: Host;
  readonly sockets: SocketNotes<S>;
  /** Shares of sessions that have ended. */
  readonly ended: { read(minute: number): RateWindow | undefined; add(share: RateWindow): void };
}

/** A window that is still counted in. Only this object changes it. */
type OpenWindow = { -readonly [Field in keyof RateWindow]: RateWindow[Field] };

/**
 * A twin's rate limit: whole minutes, all its sessions together (PROTOCOL §6, step 2). Each socket carries its own
 * share, so that a sleep forgets nothing. An object with an unwritten share does not sleep.
 */
export class RateLimiter<S> {
  readonly #limit: RateLimit;
  readonly #port: RateLimiterPort<S>;
  /** The window of the whole twin; undefined after waking. */
  #total: OpenWindow | undefined;
  /** Shares that are not written on their socket yet. */
  readonly #unwritten = new Map<S, OpenWindow>();
  readonly #pace = new WritePace();

  constructor(limit: RateLimit, port: RateLimiterPort<S>) {
    this.#limit = limit;
    this.#port = port;
  }

  /** Counts a frame and returns whether it is admitted. @param now Unix ms */
  admit(socket: S, bytes: number, now: number): boolean {
    if (!isLimited(this.#limit)) return true;
    const minute = minuteOf(now);
    const total = this.#totalOf(minute);
    countIn(total, bytes);
    if (this.#pace.note()) this.#writeAfter(this.#pace.wait(now));
    const share = this.#unwritten.get(socket);
    if (share?.minute === minute) countIn(share, bytes);
    else this.#unwritten.set(socket, add(share ?? this.#shareOn(socket), minute, 1, bytes));
    return !exceeds(total, this.#limit);
  }

  /** Keeps the share of a socket that leaves the twin until the minute is over. @param now Unix ms */
  ended(socket: S, now: number): void {
    if (!isLimited(this.#limit)) return;
    const share = this.#shareOf(socket);
    this.#unwritten.delete(socket);
    if (share?.minute !== minuteOf(now)) return;
    this.#port.ended.add(share);
  }

  #totalOf(minute: number): OpenWindow {
    if (this.#total?.minute === minute) return this.#total;
    this.#total = this.#sumOf(minute);
    return this.#total;
  }

  #sumOf(minute: number): RateWindow {
    const shares = this.#port.sockets.all().map((socket) => this.#shareOf(socket));
    const ofMinute = [...shares, this.#port.ended.read(minute)].filter((share) => share?.minute === minute);
    return ofMinute.reduce<RateWindow>((sum, share) => add(sum, minute, share?.messages ?? 0, share?.bytes ?? 0), {
      minute,
      messages: 0,
      bytes: 0,
    });
  }

  #shareOf(socket: S): RateWindow | undefined {
    return this.#unwritten.get(socket) ?? this.#shareOn(socket);
  }

  #shareOn(socket: S): RateWindow | undefined {
    return this.#port.sockets.notesOn(socket).sent;
  }

  #writeAfter(ms: number): void {
    const { host } = this.#port;
    host.background(host.wait(ms).then(() => this.#write()));
  }

  #write(): void {
    this.#pace.written(this.#port.host.now());
    const shares = [...this.#unwritten];
    // Cleared first: a write that fails must not stop all later ones.
    this.#unwritten.clear();
    for (const [socket, sent] of shares) this.#port.sockets.note(socket, { sent });
  }
}

/** Counts a frame without a new object. */
function countIn(window: OpenWindow, bytes: number): void {
  window.messages += 1;
  window.bytes += bytes;
}
