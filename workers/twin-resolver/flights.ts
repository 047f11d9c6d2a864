import { wait } from '../../proto/chain/wait.ts';

/** How often a waiting request looks for the answer, and how often the leader shows that it lives. */
const LOOK_MS = 10;
const BEAT_MS = 50;
/** After this long without a sign of life the leader may be dead… */
const LEASE_MS = 400;
/** …and is, if so many looks in a row find that. They last longer than a beat: after a stall all signs are late. */
const LATE_LOOKS = 8;

interface Flight<T> {
  beat: number;
  landed?: { readonly value: T };
}

/**
 * Single flight per key, across the requests of an isolate.
 *
 * In workerd a promise that depends on another request's I/O never settles once that request, or its object, is aborted:
 * a request that awaits it hangs for ever (seen with an object aborted during a fetch). So only plain data is shared here.
 * Each request waits on its own timers, and when the leader shows no life, the next one takes over.
 */
export class Flights<T> {
  readonly #flights = new Map<number, Flight<T>>();

  /**
   * Runs `work`, or waits for the answer of the request that already runs it for this key.
   * @param until Unix ms at which a waiting request gives up and gets undefined. The leader goes on.
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
