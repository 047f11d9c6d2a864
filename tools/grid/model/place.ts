import type { Region } from '../inputs.ts';
import { PRODUCT } from '../product.ts';

/** How long an event keeps an idle object busy, ms: a lone message is two, one at each object. */
export const EVENT_MS = PRODUCT.figures.message.busyMs / 2;

/** How a place works: requests a second, and the longest wait before a call is rejected (ms). */
export interface PlaceLimits {
  readonly ceiling: number;
  readonly queueMs: number;
}

/** An object of the platform: one server with a queue. It handles requests one by one, and rejects calls beyond its queue. */
export class Place {
  readonly region: Region;
  readonly #limits: PlaceLimits;
  readonly #serviceMs: number;
  #freeAt = 0;
  #second = -1;
  #inSecond = 0;
  #awakeUntil = 0;
  /** Requests that came, the rejected ones included. */
  offered = 0;
  rejected = 0;
  /** Requests of the busiest second. */
  peak = 0;
  longestWaitMs = 0;
  /** Time in which it was billed, ms. */
  awakeMs = 0;
  lastEventAt = Number.NEGATIVE_INFINITY;

  constructor(region: Region, limits: PlaceLimits) {
    this.region = region;
    this.#limits = limits;
    this.#serviceMs = 1000 / limits.ceiling;
  }

  /** A call, an upgrade or a report comes. Returns when it is handled; undefined: rejected as overloaded. */
  call(now: number): number | undefined {
    this.#arrived(now);
    if (this.#freeAt - now > this.#limits.queueMs) {
      this.rejected += 1;
      return undefined;
    }
    return this.#handled(now);
  }

  /** A frame of a socket comes. Returns when it is handled: a frame is never rejected. */
  frame(now: number): number {
    this.#arrived(now);
    return this.#handled(now);
  }

  /** It is busy, or waits, from one time to another. */
  awake(from: number, to: number): void {
    if (to <= this.#awakeUntil) return;
    this.awakeMs += to - Math.max(from, this.#awakeUntil);
    this.#awakeUntil = to;
  }

  #arrived(now: number): void {
    this.offered += 1;
    this.lastEventAt = now;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond > this.peak) this.peak = this.#inSecond;
  }

  #handled(now: number): number {
    const wait = this.#freeAt - now;
    if (wait > this.longestWaitMs) this.longestWaitMs = wait;
    this.#freeAt = Math.max(now, this.#freeAt) + this.#serviceMs;
    return this.#freeAt;
  }
}
