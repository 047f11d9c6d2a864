/** Silence of a socket, ms: after `ping` it is asked for a sign of life, after `dead` it is given up. */
export interface HeartbeatTimes {
  readonly ping: number;
  readonly dead: number;
}

/** The Rust peer's rhythm (PROTOCOL §9). 38 s instead of 40: a half-open socket must be found within 40 s. */
export const HEARTBEAT: HeartbeatTimes = { ping: 20_000, dead: 38_000 };

/**
 * The rhythm of a plain session where the host has no ping frames: browsers and workerd. Each ping is an envelope, which
 * wakes something at the relay, so there are fewer; none while anything else comes.
 */
export const ENVELOPE_HEARTBEAT: HeartbeatTimes = { ping: 30_000, dead: 40_000 };

/**
 * A custody session’s: both sides must hear each other. A relay takes a silent client for dead, and its answers to the
 * keep-alive come from the platform, also while its object sleeps.
 */
export const CUSTODY_HEARTBEAT: HeartbeatTimes = { ping: 2_000, dead: 5_000 };

/** A timer that is later than this means that this process did not run: then silence says nothing, ms. */
const STALL_MS = 1_000;
/** A socket whose host may have slept has this long for a sign of life, ms. */
const CHECK_MS = 5_000;
/** An open relay answers the first ping in this time, ms. */
const PROOF_MS = 10_000;

/**
 * Returns the next action at `now`, and when to look again; all in ms of one clock.
 * @param sentAt when this side last sent something, if the other side must hear from it
 */
export function beat(
  now: number,
  heardAt: number,
  pingedAt: number,
  times: HeartbeatTimes,
  sentAt = Number.POSITIVE_INFINITY,
): { readonly action: 'nothing' | 'ping' | 'dead'; readonly nextMs: number } {
  const dead = heardAt + times.dead - now;
  if (dead <= 0) return { action: 'dead', nextMs: 0 };
  const ping = Math.max(Math.min(heardAt, sentAt), pingedAt) + times.ping - now;
  if (ping <= 0) return { action: 'ping', nextMs: Math.min(times.ping, dead) };
  return { action: 'nothing', nextMs: Math.min(ping, dead) };
}

/** Actions of a pulse. */
export interface PulsePort {
  /** Asks the other side for a sign of life. */
  ping(): void;
  /** The socket was silent for too long. */
  dead(): void;
  /** The first sign of life came. */
  proven(): void;
  /** A later sign of life came. */
  heard(): void;
}

/**
 * Watches one socket for signs of life, from `start` to `stop`. A relay may open a socket only to refuse it at once,
 * with a reason: an open socket counts as connected after the first sign of life.
 */
export class Pulse {
  readonly #port: PulsePort;
  #times: HeartbeatTimes;
  #sentAt = Number.POSITIVE_INFINITY;
  /** Time of the next look. */
  #nextAt = Number.POSITIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isProven = false;
  #isPaused = false;

  constructor(times: HeartbeatTimes, port: PulsePort) {
    this.#times = times;
    this.#port = port;
  }

  start(): void {
    this.#heardAt = performance.now();
    this.#timer = setTimeout(() => this.#port.dead(), PROOF_MS);
    this.#port.ping();
  }

  /** From now on both sides must hear each other, in these times. */
  keepAlive(times: HeartbeatTimes): void {
    this.#times = times;
    this.#sentAt = performance.now();
  }

  /** Something went to the other side, after `keepAlive`. */
  sent(): void {
    this.#sentAt = performance.now();
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#heardAt = performance.now();
    if (this.#isProven) this.#port.heard();
    else {
      this.#isProven = true;
      clearTimeout(this.#timer);
      this.#look();
      this.#port.proven();
    }
  }

  /** Asks for a sign of life now, because the host may have slept: a socket without one soon is dead. */
  check(): void {
    if (!this.#isProven || this.#isPaused) return;
    clearTimeout(this.#timer);
    const now = performance.now();
    this.#heardAt = now + CHECK_MS - this.#times.dead;
    this.#pingedAt = now;
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#port.ping();
    this.#look();
  }

  /** Nothing is read for now: silence says nothing. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Reading goes on, and so does the time. */
  resume(): void {
    this.#isPaused = false;
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const stalledMs = now - this.#nextAt;
    // What came meanwhile was not read yet.
    if (stalledMs > STALL_MS) this.#heardAt += stalledMs;
    if (this.#isPaused) this.#heardAt = now;
    const { action, nextMs } = beat(now, this.#heardAt, this.#pingedAt, this.#times, this.#sentAt);
    if (action === 'dead') {
      this.#port.dead();
      return;
    }
    if (action === 'ping') {
      this.#pingedAt = now;
      this.#port.ping();
    }
    const waitMs = Math.ceil(nextMs);
    this.#nextAt = now + waitMs;
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }
}
