import { drainMicrotasks } from './microtasks.ts';
import { Random } from './random.ts';

/** Unix ms at which every run begins. */
const BEGIN = 1_800_000_000_000;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly process: Process | undefined;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Cancels a planned event. */
export type Cancel = () => void;

/**
 * The virtual time of a run: a heap of events, and one generator of all that is random. Product code runs only within an
 * event, with its microtasks, as one process.
 */
export class World {
  readonly random: Random;
  /** Readable lines; undefined unless somebody reads them. */
  readonly lines: string[] | undefined;
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;
  #hash = 0;
  #current: Process | undefined;
  /** Events so far. */
  events = 0;

  constructor(seed: number, isTraced: boolean) {
    this.random = new Random(seed);
    this.lines = isTraced ? [] : undefined;
  }

  /** True time, ms since the run began. */
  get now(): number {
    return this.#now;
  }

  /** The same for two runs with the same events and effects. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** The process that runs; undefined between events. */
  get current(): Process | undefined {
    return this.#current;
  }

  /** Runs something in `ms`, unless its process has ended by then. */
  in(ms: number, process: Process | undefined, run: () => void): Cancel {
    const event = { at: this.#now + Math.max(0, ms), order: this.#order, process, run, isCancelled: false };
    this.#order += 1;
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Runs events until `isOver`, or nothing is left, or the time is `until`. Returns why it stopped. */
  run(until: number, isOver: () => boolean): 'over' | 'empty' | 'late' {
    while (!isOver()) {
      const event = this.#heap[0];
      if (event === undefined) return 'empty';
      if (event.at > until) return 'late';
      this.#pop();
      if (event.isCancelled || event.process?.isAlive === false) continue;
      this.#now = event.at;
      this.events += 1;
      this.mix(event.at);
      if (event.process === undefined) event.run();
      else this.as(event.process, event.run);
    }
    return 'over';
  }

  /** Runs something as a process, with all microtasks that follow. */
  as(process: Process, run: () => void): void {
    const before = this.#current;
    this.#current = process;
    try {
      run();
      drainMicrotasks();
    } finally {
      this.#current = before;
    }
  }

  /** Adds a line to the trace. The text is made only if somebody reads it. */
  note(text: () => string): void {
    this.lines?.push(`${(this.#now / 1000).toFixed(3).padStart(9)}  ${text()}`);
  }

  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ Math.floor(value), 0x01000193) ^ (this.#hash >>> 13);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const child = isRight ? b : a;
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = isRight ? left + 1 : left;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** A part that may crash and come back: a peer, an object of a relay. What it stores outlives its processes. */
export class Machine {
  readonly world: World;
  readonly name: string;
  /** Its clock minus true time, ms. */
  clock = 0;
  /** Its memory; undefined while it is down. */
  process: Process | undefined;
  /** Called when its process ended. */
  onEnd: (why: string) => void = () => undefined;
  #effectsLeft: number | undefined;
  #isBefore = false;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  /** Unix ms by its clock. */
  get time(): number {
    return BEGIN + this.world.now + this.clock;
  }

  start(): Process {
    this.process = new Process(this);
    return this.process;
  }

  /** Ends its process: its memory and timers are gone. */
  crash(why: string): void {
    const { process } = this;
    if (process === undefined) return;
    this.world.note(() => `${this.name}: ${why}`);
    process.isAlive = false;
    this.process = undefined;
    this.#effectsLeft = undefined;
    this.onEnd(why);
  }

  /** Has it crash at its n-th effect from now: before that has any outcome, or right after. */
  crashAt(effects: number, isBefore: boolean): void {
    this.#effectsLeft = effects;
    this.#isBefore = isBefore;
  }

  /** Forgets a crash that has not come. */
  spare(): void {
    this.#effectsLeft = undefined;
  }

  /** Returns whether the effect that is about to happen is the one at which it crashes. */
  due(): 'before' | 'after' | undefined {
    if (this.#effectsLeft === undefined) return undefined;
    this.#effectsLeft -= 1;
    if (this.#effectsLeft > 0) return undefined;
    this.#effectsLeft = undefined;
    return this.#isBefore ? 'before' : 'after';
  }
}

/** One life of a machine. After its end nothing that its code still does has an effect. */
export class Process {
  readonly machine: Machine;
  isAlive = true;
  /** Timers that were set and have not run. */
  readonly timers = new Map<number, Cancel>();
  /** Calls of its own without an answer. */
  calls = 0;
  #nextTimer = 1;
  /** The event of its last write. */
  #wroteIn = -1;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** A write to storage. The platform commits all writes of a turn together, and before anything leaves. */
  write(kind: string, act: () => void): void {
    if (!this.isAlive) return;
    const { machine } = this;
    const { world } = machine;
    world.mix(kind.length * 17 + kind.charCodeAt(0));
    const crash = machine.due();
    if (crash === 'before' && this.#wroteIn !== world.events) {
      machine.crash(`crashes before: ${kind}`);
      return;
    }
    this.#wroteIn = world.events;
    act();
    if (crash !== undefined) {
      machine.crashAt(1, true);
      world.in(0, this, () => machine.crash(`crashes after: ${kind}`));
    }
  }

  /** Something that the outside can see: each is a possible crash point. @param kind for the hash and the trace */
  effect(kind: string, act: () => void): void {
    if (!this.isAlive) return;
    const { machine } = this;
    const { world } = machine;
    world.mix(kind.length * 31 + kind.charCodeAt(0));
    const crash = machine.due();
    if (crash === 'before') {
      machine.crash(`crashes before: ${kind}`);
      return;
    }
    act();
    if (crash === 'after') machine.crash(`crashes after: ${kind}`);
  }

  setTimer(ms: number, run: () => void, every = false): number {
    const id = this.#nextTimer;
    this.#nextTimer += 1;
    const plan = () => {
      this.timers.set(
        id,
        this.machine.world.in(Math.max(1, ms), this, () => {
          this.timers.delete(id);
          if (every) plan();
          run();
        }),
      );
    };
    plan();
    return id;
  }

  clearTimer(id: number | undefined): void {
    if (id === undefined) return;
    this.timers.get(id)?.();
    this.timers.delete(id);
  }
}
