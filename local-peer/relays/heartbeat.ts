/** How long a socket may be silent, ms: after `ping` it is asked for a sign of life, after `dead` it is given up. */
export interface HeartbeatTimes {
  readonly ping: number;
  readonly dead: number;
}

/** The Rust peer's rhythm (PROTOCOL §9); given up a little before 40 s, so that a half-open socket is found within them. */
export const HEARTBEAT: HeartbeatTimes = { ping: 20_000, dead: 38_000 };

/** A socket, as its heartbeat sees it. */
export interface Pulse {
  ping(): void;
  /** Nothing was heard for too long. */
  dead(): void;
}

/** What is due at `now`, and when to look again; all in ms of one clock. */
export function beat(
  now: number,
  heardAt: number,
  pingedAt: number,
  times: HeartbeatTimes,
): { readonly due: 'nothing' | 'ping' | 'dead'; readonly nextMs: number } {
  const dead = heardAt + times.dead - now;
  if (dead <= 0) return { due: 'dead', nextMs: 0 };
  const ping = Math.max(heardAt, pingedAt) + times.ping - now;
  if (ping <= 0) return { due: 'ping', nextMs: Math.min(times.ping, dead) };
  return { due: 'nothing', nextMs: Math.min(ping, dead) };
}

/** Watches one socket for silence. */
export class Heartbeat {
  readonly #pulse: Pulse;
  readonly #times: HeartbeatTimes;
  #heardAt = performance.now();
  #pingedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isPaused = false;

  constructor(pulse: Pulse, times: HeartbeatTimes) {
    this.#pulse = pulse;
    this.#times = times;
    this.#look();
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Nothing is read for now: silence says nothing. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Reading goes on, and so does the time. */
  resume(): void {
    this.#isPaused = false;
    this.heard();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    if (this.#isPaused) this.#heardAt = now;
    const { due, nextMs } = beat(now, this.#heardAt, this.#pingedAt, this.#times);
    if (due === 'dead') {
      this.#pulse.dead();
      return;
    }
    if (due === 'ping') {
      this.#pingedAt = now;
      this.#pulse.ping();
    }
    this.#timer = setTimeout(() => this.#look(), Math.ceil(nextMs));
  }
}
