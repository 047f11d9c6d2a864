import { wait } from '../../chain/wait.ts';

/** How often who waits looks whether the answer is there, and how often who fetches it shows that it lives (ms). */
const LOOK_MS = 10;
const BEAT_MS = 50;
/** After so long without a sign of life (ms), whoever fetched is taken for dead… */
const LEASE_MS = 400;
/** …when that was seen at so many looks in a row, longer than a beat: after a stall of the isolate all signs are late. */
const LATE_LOOKS = 8;

interface Flight<T> {
  beat: number;
  landed?: { readonly value: T };
}

/**
 * Single flight per key, across the requests of an isolate.
 *
 * In workerd a promise that hangs on another request's I/O never settles once that request, or its object, is
 * aborted: who awaits it hangs for ever, and a map that holds it is poisoned (seen with an object aborted in mid
 * fetch). So what is shared here is plain data. Each request waits on timers of its own, and when the one that
 * fetches shows no life any more, the next takes over.
 */
export class Flights<T> {
  readonly #flights = new Map<number, Flight<T>>();

  /**
   * Runs `work`, or waits until whoever runs it already for this key has its answer.
   * @param until Unix ms: undefined is returned to who still waits then (the one that works is not cut)
   */
  async once(key: number, work: () => Promise<T>, until: number): Promise<T | undefined> {
    let flight = this.#flights.get(key);
    let late = 0;
    while (flight !== undefined && late < LATE_LOOKS) {
      const { beat } = flight;
      if (Date.now() >= until) return undefined;
      await wait(LOOK_MS);
      if (flight.landed !== undefined) return flight.landed.value;
      const next = this.#flights.get(key);
      const isLate = next === flight && flight.beat === beat && Date.now() - beat >= LEASE_MS;
      late = isLate ? late + 1 : 0;
      flight = next;
    }
    return await this.#lead(key, work);
  }

  async #lead(key: number, work: () => Promise<T>): Promise<T> {
    const flight: Flight<T> = { beat: Date.now() };
    this.#flights.set(key, flight);
    const stop = new AbortController();
    const beating = this.#beat(flight, stop.signal);
    try {
      const value = await work();
      flight.landed = { value };
      return value;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      stop.abort();
      await beating;
    }
  }

  async #beat(flight: Flight<T>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      flight.beat = Date.now();
      await wait(BEAT_MS, signal);
    }
  }
}
