import type { Process, World } from '../world/world.ts';

/** A claimed request: its destinations that have no end yet. */
export interface Claimed {
  readonly id: string;
  readonly open: Set<number>;
  readonly from: number;
  readonly wantsReply: boolean;
  readonly size: number;
  /** ms of true time. */
  readonly endsAt: number;
}

/** A request as its service finds it. */
export interface Job {
  readonly uid: string;
  readonly from: number;
  readonly wantsReply: boolean;
  readonly endsAt: number;
}

/** A reply whose bytes are sealed: they never change. */
export interface KeptReply {
  readonly key: string;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly endsAt: number;
}

/**
 * The Redis of one peer: it outlives its peer. A script runs at once, even if the peer that sent it has died; its answer
 * reaches only that life of the peer.
 */
export class Redis {
  readonly #world: World;
  readonly programs: Claimed[] = [];
  readonly claimed = new Map<string, Claimed>();
  readonly jobs: Job[] = [];
  /** What services replied, before the peer has sealed it. */
  readonly answered: Job[] = [];
  readonly replies = new Map<string, KeptReply>();
  readonly marks = new Map<string, number>();
  #slowUntil = 0;
  #repeatsUntil = 0;
  #last = 0;
  #lastAnswer = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Runs a script, for one life of the peer. */
  run<T>(process: Process, name: string, script: () => T): Promise<T> {
    const world = this.#world;
    return new Promise((resolve) => {
      process.effect(`redis ${name}`, () => {
        const answer = (value: T) => void world.in(this.#answerDelay(), process, () => resolve(value));
        world.in(this.#delay(), undefined, () => {
          const value = script();
          if (world.now >= this.#repeatsUntil || world.random.chance(0.5)) return answer(value);
          world.note(() => `${process.machine.name}: redis: ${name} runs again`);
          world.in(this.#delay(), undefined, () => answer(script()));
        });
      });
    });
  }

  /** Takes no command for so long. */
  wait(ms: number): void {
    this.#slowUntil = this.#world.now + ms;
  }

  /** For so long its client sends commands again, because its connection broke before the answer. */
  repeat(ms: number): void {
    this.#repeatsUntil = this.#world.now + ms;
  }

  /** Marks names; returns false if one was marked before and is not over. */
  mark(names: readonly string[], until: number): boolean {
    const isKnown = names.some((name) => (this.marks.get(name) ?? 0) > this.#world.now);
    if (!isKnown) for (const name of names) this.marks.set(name, until);
    return !isKnown;
  }

  /** So do their answers. */
  #answerDelay(): number {
    const { now, random } = this.#world;
    this.#lastAnswer = Math.max(this.#lastAnswer, now + random.whole(0, 2));
    return this.#lastAnswer - now;
  }

  /** Commands of one connection keep their order. */
  #delay(): number {
    const { now, random } = this.#world;
    this.#last = Math.max(this.#last, this.#slowUntil, now + random.whole(0, 2));
    return this.#last - now;
  }
}
