/** Room for events at first; it doubles. */
const ROOM = 1_024;

/** A virtual clock and what happens on it: a binary heap. Events of one time run in the order in which they were added. */
export class Agenda {
  // Typed arrays: the heap is half of the model's time.
  #times = new Float64Array(ROOM);
  #numbers = new Float64Array(ROOM);
  readonly #runs: (() => void)[] = [];
  #number = 0;
  #now = 0;

  /** ms since the begin. */
  get now(): number {
    return this.#now;
  }

  /** Lets something happen at a time, ms; a time that is over counts as now. */
  at(time: number, run: () => void): void {
    const at = Math.max(time, this.#now);
    const number = this.#number;
    this.#number += 1;
    let place = this.#runs.length;
    if (place === this.#times.length) this.#grow();
    const times = this.#times;
    // A new event is later than all others of its time, so its number needs no look.
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((times[parent] ?? 0) <= at) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, at, number, run);
  }

  /** Runs until nothing is left. */
  run(): void {
    for (;;) {
      const run = this.#runs[0];
      if (run === undefined) return;
      this.#now = this.#times[0] ?? this.#now;
      this.#removeFirst();
      run();
    }
  }

  #removeFirst(): void {
    const run = this.#runs.pop();
    const length = this.#runs.length;
    if (run === undefined || length === 0) return;
    const at = this.#times[length] ?? 0;
    const number = this.#numbers[length] ?? 0;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      const other = child + 1;
      if (other < length && this.#isBefore(this.#times[other] ?? 0, this.#numbers[other] ?? 0, child)) child = other;
      if (this.#isBefore(at, number, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, at, number, run);
  }

  #isBefore(at: number, number: number, place: number): boolean {
    const other = this.#times[place] ?? 0;
    return at < other || (at === other && number < (this.#numbers[place] ?? 0));
  }

  #move(from: number, to: number): void {
    const run = this.#runs[from];
    if (run !== undefined) this.#put(to, this.#times[from] ?? 0, this.#numbers[from] ?? 0, run);
  }

  #put(place: number, at: number, number: number, run: () => void): void {
    this.#times[place] = at;
    this.#numbers[place] = number;
    this.#runs[place] = run;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const numbers = new Float64Array(times.length);
    times.set(this.#times);
    numbers.set(this.#numbers);
    this.#times = times;
    this.#numbers = numbers;
  }
}
