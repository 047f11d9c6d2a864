import type { Log } from '../ports.ts';

/** A smaller skew comes from the network's delay and a Date's whole seconds: this machine's clock counts. Seconds. */
const TOLERATED = 5;
/** Largest distance between a relay's time and the chain's, or this machine's without a chain. Seconds. */
const BOUND = 600;
/** Largest age of the last block of a chain that moves, seconds. */
const BLOCK_AGE = 13;

/** Meaning of a relay's time: `right` if it agrees with this machine's, `believed` within the bound, else `refused`. */
export type SkewVerdict = 'right' | 'believed' | 'refused';

/** Receives each relay's time that differs, and when it agrees again. @param skew relay minus this machine, seconds */
export type OnSkew = (skew: number, verdict: SkewVerdict, relay: string) => void;

/** Logs the meaning of a relay's time. */
export function tellSkew(log: Log, fields: { readonly relay: string; readonly seconds: number }, verdict: SkewVerdict) {
  switch (verdict) {
    case 'right':
      return log.info(fields, 'this machine’s clock is right again');
    case 'believed':
      return log.warn(
        fields,
        'this machine’s clock is off: the relays’ time is used as far as others confirm it; set the clock (NTP)',
      );
    case 'refused': {
      const what = 'a relay’s time is more than 10 minutes from the chain’s, or from this machine’s without a chain';
      return log.warn(fields, `${what}: it is not used; check this machine’s clock (NTP) and the relay`);
    }
  }
}

/** Returns the skew that a chain's last block proves, seconds: 0 within a block's age. */
export function skewByBlock(seconds: number): number {
  const isLate = seconds < 0 && seconds > -BLOCK_AGE;
  return isLate ? 0 : seconds;
}

/**
 * This machine's clock, corrected by relays and chain: a machine that is minutes off must still be able to speak. No
 * relay alone moves the clock: a hostile one could make this twin sign tokens and requests of another year.
 */
export class Clock {
  readonly #now: () => number;
  readonly #onSkew: OnSkew;
  readonly #skews = new Map<string, number>();
  /** Chain minus this machine, seconds; undefined before the first block. */
  #chain: number | undefined;
  /** Seconds that are added to this machine's time. Computed when a time comes, not for each message. */
  #correction = 0;

  /** @param now Unix ms, as this machine has it */
  constructor(now: () => number, onSkew: OnSkew) {
    this.#now = now;
    this.#onSkew = onSkew;
  }

  /** Relays minus this machine, seconds, believed or not; undefined until a relay has told its time. */
  get skew(): number | undefined {
    return middle([...this.#skews.values()]);
  }

  /** Unix ms of this machine: local programs compare with it. */
  local(): number {
    return this.#now();
  }

  /** Unix seconds of the network: for own timestamps, and to judge replies. */
  seconds(): number {
    return Math.floor(this.#now() / 1000 + this.#correction);
  }

  /** Unix seconds by the later of both clocks: a relay must not turn the time back to replay an expired request. */
  latest(): number {
    return Math.floor(this.#now() / 1000 + Math.max(0, this.#correction));
  }

  /** Unix seconds of one relay, within the bound: a relay judges tokens by its own time. */
  secondsAt(relay: string): number {
    const skew = this.#skews.get(relay);
    const isUsed = skew !== undefined && this.#isBelieved(skew);
    return Math.floor(this.#now() / 1000 + (isUsed ? corrected(skew) : this.#correction));
  }

  /** This machine's clock was set: every earlier measurement is invalid. */
  forget(): void {
    this.#skews.clear();
    this.#chain = undefined;
    this.#judge();
  }

  /**
   * Takes the time of a relay's answer, which came now.
   * @param date HTTP's Date header
   * @param askedAt this machine's Unix ms of the request
   */
  measure(relay: string, date: string, askedAt: number): void {
    const told = Date.parse(date);
    if (Number.isNaN(told)) return;
    // A Date is cut to whole seconds, and is made half-way between request and answer.
    const skew = (told + 500 - (askedAt + this.#now()) / 2) / 1000;
    const before = this.#skews.get(relay);
    this.#skews.set(relay, skew);
    this.#judge();
    const isWrong = corrected(skew) !== 0;
    if (!isWrong && corrected(before) === 0) return;
    this.#onSkew(skew, isWrong ? (this.#isBelieved(skew) ? 'believed' : 'refused') : 'right', relay);
  }

  /** Takes the time of the chain's best block, which came now, Unix ms. */
  measureChain(ms: number): void {
    this.#chain = skewByBlock((ms - this.#now()) / 1000);
    this.#judge();
  }

  #isBelieved(skew: number): boolean {
    return Math.abs(skew - (this.#chain ?? 0)) <= BOUND;
  }

  #judge(): void {
    const relays = [...this.#skews.values()].filter((skew) => this.#isBelieved(skew));
    const witnesses = this.#chain === undefined ? relays : [...relays, this.#chain];
    // One witness alone, relay or chain, does not overrule this machine's clock.
    this.#correction = witnesses.length < 2 ? 0 : corrected(middle(witnesses));
  }
}

/** Returns the median by size, the smaller of two: a single wrong witness must not move the clock. */
function middle(skews: readonly number[]): number | undefined {
  const sizes = skews.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  return sizes[Math.floor((sizes.length - 1) / 2)];
}

function corrected(skew: number | undefined): number {
  return skew === undefined || Math.abs(skew) <= TOLERATED ? 0 : skew;
}
