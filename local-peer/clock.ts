import type { Log } from './ports.ts';

/** Less than this is the network's delay and a Date's whole seconds: our own clock is believed. Seconds. */
const TOLERATED = 5;
/** A relay's time is used only so far from the chain's, or from ours while there is no chain. Seconds. */
const BOUND = 600;
/** The last block of a chain that moves may be so old, seconds. */
const BLOCK_AGE = 13;

/** What a relay's time means: `believed` within the bound, `right` when it is ours, `refused` beyond the bound. */
export type SkewVerdict = 'right' | 'believed' | 'refused';

/** Told of each relay whose time is not ours, and when it is ours again. @param skew relay minus ours, seconds */
export type OnSkew = (skew: number, verdict: SkewVerdict, relay: string) => void;

/** Logs what a relay's time means. */
export function tellSkew(log: Log, fields: { readonly relay: string; readonly seconds: number }, verdict: SkewVerdict) {
  switch (verdict) {
    case 'right':
      return log.info(fields, 'our clock is right again');
    case 'believed':
      return log.warn(
        fields,
        'our clock is off: the relays’ time is used as far as others confirm it; set it right (NTP)',
      );
    case 'refused': {
      const what = 'a relay’s time is more than 10 minutes from the chain’s, or from ours without a chain';
      return log.warn(fields, `${what}: it is not used; check this machine’s clock (NTP) and the relay`);
    }
  }
}

/** Returns what a chain's last block says of our clock, seconds: within a block's age it says nothing against it. */
export function skewByBlock(seconds: number): number {
  const isLate = seconds < 0 && seconds > -BLOCK_AGE;
  return isLate ? 0 : seconds;
}

/**
 * Our clock, corrected by relays and chain: a machine that is minutes off must be able to speak all the same. No relay
 * alone moves it: a hostile one could make us sign tokens and requests of another year.
 */
export class Clock {
  readonly #now: () => number;
  readonly #onSkew: OnSkew;
  readonly #skews = new Map<string, number>();
  /** The chain's time minus ours, seconds; undefined until a block has told it. */
  #chain: number | undefined;
  /** Seconds that are added to our time: computed when somebody tells a time, and not for each message. */
  #correction = 0;

  /** @param now Unix ms, as this machine has it */
  constructor(now: () => number, onSkew: OnSkew) {
    this.#now = now;
    this.#onSkew = onSkew;
  }

  /** Seconds by which the relays are ahead of us, believed or not; undefined until one has told its time. */
  get skew(): number | undefined {
    return middle([...this.#skews.values()]);
  }

  /** Unix ms as this machine has it: what programs here compare with. */
  local(): number {
    return this.#now();
  }

  /** Unix seconds as the others have it: for our stamps, and for the answers that we wait for. */
  seconds(): number {
    return Math.floor(this.#now() / 1000 + this.#correction);
  }

  /** Unix seconds by the later of both clocks: nobody can turn back the time to bring a request whose own is over. */
  latest(): number {
    return Math.floor(this.#now() / 1000 + Math.max(0, this.#correction));
  }

  /** Unix seconds as one relay has it, within the bound: it alone judges the tokens it is shown. */
  secondsAt(relay: string): number {
    const skew = this.#skews.get(relay);
    const isUsed = skew !== undefined && this.#isBelieved(skew);
    return Math.floor(this.#now() / 1000 + (isUsed ? corrected(skew) : this.#correction));
  }

  /** This machine's clock was set: what relays and chain told of it holds no more. */
  forget(): void {
    this.#skews.clear();
    this.#chain = undefined;
    this.#judge();
  }

  /**
   * A relay's answer bore this time.
   * @param date HTTP's Date header
   * @param askedAt our Unix ms when it was asked; it answers now
   */
  measure(relay: string, date: string, askedAt: number): void {
    const told = Date.parse(date);
    if (Number.isNaN(told)) return;
    // A Date is cut to whole seconds, and made half-way between question and answer.
    const skew = (told + 500 - (askedAt + this.#now()) / 2) / 1000;
    const before = this.#skews.get(relay);
    this.#skews.set(relay, skew);
    this.#judge();
    const isWrong = corrected(skew) !== 0;
    if (!isWrong && corrected(before) === 0) return;
    this.#onSkew(skew, isWrong ? (this.#isBelieved(skew) ? 'believed' : 'refused') : 'right', relay);
  }

  /** The best block of the chain, which came now, bears this time, Unix ms. */
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
    // One alone, relay or chain, is no witness against our own clock.
    this.#correction = witnesses.length < 2 ? 0 : corrected(middle(witnesses));
  }
}

/** Returns the one in the middle by size, the smaller of two: one that is wrong itself must not take us along. */
function middle(skews: readonly number[]): number | undefined {
  const sizes = skews.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  return sizes[Math.floor((sizes.length - 1) / 2)];
}

function corrected(skew: number | undefined): number {
  return skew === undefined || Math.abs(skew) <= TOLERATED ? 0 : skew;
}
