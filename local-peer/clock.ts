/** Less than this is the network's delay and a Date's whole seconds: our own clock is believed. Seconds. */
const TOLERATED = 5;

/** Whom a clock tells that it is wrong, or no longer; seconds, the relay's time minus ours. */
export type OnSkew = (skew: number, isWrong: boolean, relay: string) => void;

/** Our clock, put right by what relays say: a machine that is minutes off must be able to speak all the same. */
export class Clock {
  readonly #now: () => number;
  readonly #onSkew: OnSkew;
  readonly #skews = new Map<string, number>();

  /** @param now Unix ms, as this machine has it */
  constructor(now: () => number, onSkew: OnSkew) {
    this.#now = now;
    this.#onSkew = onSkew;
  }

  /** Seconds by which the relays are ahead of us; undefined until one has told its time. */
  get skew(): number | undefined {
    // The one in the middle by size, the smaller of two: a relay that is wrong itself must not take us along.
    const sizes = [...this.#skews.values()].sort((a, b) => Math.abs(a) - Math.abs(b));
    return sizes[Math.floor((sizes.length - 1) / 2)];
  }

  /** Unix ms as this machine has it: what programs here compare with. */
  local(): number {
    return this.#now();
  }

  /** Unix seconds as the others have it: for our stamps, and for the answers that we wait for. */
  seconds(): number {
    return Math.floor(this.#now() / 1000 + corrected(this.skew));
  }

  /** Unix seconds by the later of both clocks: no relay can turn back the time to bring a request whose own is over. */
  latest(): number {
    return Math.floor(this.#now() / 1000 + Math.max(0, corrected(this.skew)));
  }

  /** Unix seconds as one relay has it: it alone judges the tokens it is shown. */
  secondsAt(relay: string): number {
    return Math.floor(this.#now() / 1000 + corrected(this.#skews.get(relay) ?? this.skew));
  }

  /** This machine's clock was set: what the relays told of it holds no more. */
  forget(): void {
    this.#skews.clear();
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
    const isWrong = corrected(skew) !== 0;
    if (isWrong || corrected(before) !== 0) this.#onSkew(skew, isWrong, relay);
  }
}

function corrected(skew: number | undefined): number {
  return skew === undefined || Math.abs(skew) <= TOLERATED ? 0 : skew;
}
