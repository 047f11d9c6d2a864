import { RmbError } from '../errors.ts';

/** Why work on a request ends before its last reply: its caller gave up, its time is over, or this program stops. */
export type Ending = 'cancelled' | 'expired' | 'closed';

const WHY: Record<Ending, string> = {
  cancelled: 'the caller cancelled the request',
  expired: 'the time of the request is over',
  closed: 'the service is closing',
};

/** Returns a text for people. */
export function endingText(ending: Ending): string {
  return WHY[ending];
}

/** A request in work: how long its work may take, and how many replies its caller takes. */
export class RunningRequest {
  readonly #stop = new AbortController();
  /** Replies with a lower number may leave. */
  #credit: number;
  #ending: Ending | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: () => void = () => undefined;

  /** @param credit of the caller at first */
  constructor(credit: number) {
    this.#credit = credit;
  }

  /** Aborts when the work ends early. Its reason is an `RmbError`. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Returns why the work ended early; undefined while it did not. */
  endedBy(): Ending | undefined {
    return this.#ending;
  }

  /** Starts the work. @param ms until its end */
  start(ms: number): void {
    if (this.#ending === undefined) this.#timer = setTimeout(() => this.end('expired'), ms);
  }

  /** Takes a credit. One that is lower is late. */
  allow(credit: number): void {
    this.#credit = Math.max(this.#credit, credit);
    this.#wake();
  }

  /** Ends the work. The first end counts. */
  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.done();
    this.#ending = ending;
    this.#stop.abort(new RmbError(ending === 'closed' ? 'closed' : 'aborted', WHY[ending]));
    this.#wake();
  }

  /** The work is done: its time no longer counts. */
  done(): void {
    clearTimeout(this.#timer);
  }

  /** Resolves when reply `seq` may leave, and with false when the work ends before. */
  async mayReply(seq: number): Promise<boolean> {
    while (this.#ending === undefined && seq >= this.#credit) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#ending === undefined;
  }

  /** Resolves as `step` does, and with undefined as soon as the work ends. One step at a time. */
  async untilEnd<T>(step: Promise<T>): Promise<T | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    // Not `Promise.race` with a promise of the end: that would keep every step of a long stream.
    this.#wake = () => this.#ending !== undefined && resolve(undefined);
    step.then(resolve, reject);
    this.#wake();
    return promise;
  }
}
