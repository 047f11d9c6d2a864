import type { ChainReader, ChainStep, WatcherStatus } from '../contract.ts';
import type { HeadSeen } from './catch-up.ts';
import { decide, expectedHead, isDoubtful, isStalled, LOOK_BACK, waitAfter } from './catch-up.ts';
import { generationBlock, generationName } from './generation.ts';
import type { ChainPace } from './pace.ts';
import { FIRST_PACE, learnPace, untilNextLook } from './pace.ts';
import type { Progress } from './progress.ts';
import { countChanges, NOTHING_COUNTED, twinsToRead } from './progress.ts';

/** Blocks of one call. */
const BLOCKS_A_STEP = 50;
/** Steps of one run: a bit more than 600 blocks. The next run follows at once for the rest. */
const STEPS_A_RUN = 16;
/** Progress is stored once in so many blocks: a row costs more than reading a few blocks again. */
const STORE_BLOCKS = 10;
/** The least time between two new generations for a chain that cannot be followed. */
const BEGIN_AGAIN_MS = 60_000;

type Blocks = Extract<ChainStep, { kind: 'blocks' }>;

/** The port of a watcher to its object. */
export interface WatcherPort {
  readonly reader: ChainReader;
  /** Stores progress. Costs a row. */
  store(progress: Progress): void;
  /** Notes a twin that was read again, with its relay string as it was cached and as it is. */
  reread(twin: number, before: string | null | undefined, after: string | null, block: string): void;
  /** Writes a log line: once for each event, not for each block. */
  log(event: string, details: object): void;
  /** Unix ms. */
  now(): number;
}

/** A failed attempt, and its stage for the count of errors. */
class Failure extends Error {
  readonly stage: 'follow' | 'refresh';

  constructor(stage: 'follow' | 'refresh', message: string) {
    super(message);
    this.name = 'Failure';
    this.stage = stage;
  }
}

/** Follows the chain block by block and has changed twins read again. It may replay blocks without harm. */
export class Watcher {
  readonly #port: WatcherPort;
  readonly #threshold: number;
  #progress: Progress | undefined;
  /** The block of the last stored progress. */
  #stored: number | undefined;
  #seen: HeadSeen | undefined;
  #pace: ChainPace = FIRST_PACE;
  #failures = 0;
  #answeredAt: number | undefined;
  #isUnreadable = false;
  /** When the last new generation started, Unix ms. */
  #begunAt = 0;
  #errors = { ...NOTHING_COUNTED.errors };

  /**
   * @param progress as stored; undefined at the very first start
   * @param threshold after more missed blocks than this a new generation starts
   */
  constructor(port: WatcherPort, progress: Progress | undefined, threshold: number) {
    this.#port = port;
    this.#threshold = threshold;
    this.#progress = progress;
    this.#stored = progress?.number;
    if (progress === undefined) return;
    this.#errors = { ...progress.errors };
    // The head of that time says where it is expected now.
    this.#seen = { number: progress.number, grewAt: progress.at, comparedAt: port.now() };
  }

  /** Returns the state and counts. */
  get status(): WatcherStatus {
    const { stored, updated, generations, reconnects } = this.#progress ?? NOTHING_COUNTED;
    return {
      block: this.#progress?.number,
      answeredAt: this.#answeredAt,
      reconnecting: this.#failures > 0,
      reconnects,
      stored,
      updated,
      generations,
      errors: { ...this.#errors },
    };
  }

  /** Catches up with the chain. Resolves with the ms until the next run; never rejects. */
  async run(): Promise<number> {
    try {
      const isDone = await this.#catchUp();
      this.#succeeded();
      return isDone ? untilNextLook(this.#pace) : 0;
    } catch (error) {
      const stage = error instanceof Failure ? error.stage : 'follow';
      this.#errors[stage] += 1;
      this.#failures += 1;
      if (this.#failures === 1) this.#port.log('chain-not-followed', { stage, reason: String(error) });
      return waitAfter(this.#failures, untilNextLook(this.#pace));
    }
  }

  /** Resolves with whether the head is reached. */
  async #catchUp(): Promise<boolean> {
    for (let steps = 0; steps < STEPS_A_RUN; steps += 1) {
      const step = await this.#follow();
      const decision = decide(this.#progress, step, this.#threshold, this.#failures);
      switch (decision.do) {
        case 'wait':
          throw new Failure('follow', decision.reason);
        case 'begin-if-alive':
          await this.#beginIfAlive(decision.why, decision.certain);
          break;
        case 'step-back':
          this.#stepBack(decision.to.number);
          break;
        case 'begin':
          if (step.kind === 'blocks') await this.#begin(step, decision.why);
          break;
        case 'advance':
          if (step.kind === 'blocks' && (await this.#advance(step))) return true;
      }
    }
    return false;
  }

  /** Asks for the next step, and learns from its head. */
  async #follow(): Promise<ChainStep> {
    const [progress, seen, now] = [this.#progress, this.#seen, this.#port.now()];
    const isHeadStill = seen !== undefined && isStalled(seen, now);
    if (isHeadStill) this.#seen = { ...seen, comparedAt: now };
    const step = await this.#port.reader.follow({
      since: progress && { number: progress.number, hash: progress.hash },
      genesis: progress?.genesis,
      most: BLOCKS_A_STEP,
      expectedHead: seen && expectedHead(seen, now, this.#pace.blockMs),
      isStalled: isHeadStill,
    });
    if (step.kind === 'blocks') this.#see(step.head, now);
    return step;
  }

  #see(head: number, now: number): void {
    const seen = this.#seen;
    this.#answeredAt = now;
    this.#pace = learnPace(this.#pace, head, now);
    if (seen === undefined || head !== seen.number) {
      const grewAt = seen !== undefined && head < seen.number ? seen.grewAt : now;
      this.#seen = { number: head, grewAt, comparedAt: seen?.comparedAt ?? 0 };
    }
  }

  /** Starts at the head because the chain cannot be followed from the last block, if a node has a head. */
  async #beginIfAlive(why: string, isCertain: boolean): Promise<void> {
    // A cache that starts again all the time would be useless.
    if (this.#port.now() - this.#begunAt < BEGIN_AGAIN_MS) throw new Failure('follow', why);
    const head = await this.#port.reader.follow({ most: 1 });
    if (head.kind !== 'blocks') throw new Failure('follow', why);
    // The chain may be back: then no block is lost.
    const again = isCertain ? undefined : await this.#follow();
    if (again !== undefined && again.kind !== 'failed') return;
    this.#seen = undefined;
    await this.#begin(head, why);
  }

  async #begin({ genesis, head }: Blocks, why: string): Promise<void> {
    const before = this.#progress ?? NOTHING_COUNTED;
    const warm = this.#progress === undefined ? await this.#prewarmed(genesis, head) : undefined;
    if (warm === undefined) await this.#newGeneration(genesis, head, why);
    this.#begunAt = this.#port.now();
    // The last blocks are still read: a look-up meanwhile may have asked a node that is behind.
    const number = Math.max((warm ?? head) - LOOK_BACK, 0);
    const { stored, updated, reconnects } = before;
    const generations = before.generations + (warm === undefined ? 1 : 0);
    const counts = { stored, updated, generations, reconnects, counted: head, errors: this.#errors };
    this.#store({ genesis, number, recent: [], ...counts });
  }

  /** Returns the block at which the cache was filled before the first start, if the blocks since can be read. */
  async #prewarmed(genesis: string, head: number): Promise<number | undefined> {
    const block = generationBlock((await this.#port.reader.generation()) ?? '', genesis);
    return block === undefined || head - block > this.#threshold ? undefined : Math.min(block, head);
  }

  async #newGeneration(genesis: string, block: number, why: string): Promise<void> {
    const { reader, log, now } = this.#port;
    await reader.newGeneration(generationName(genesis, block, now()));
    // At the very first start there was no cache.
    if (this.#progress !== undefined) log('twin-cache-begun-anew', { block, why });
  }

  #stepBack(number: number): void {
    if (this.#progress === undefined) return;
    const { hash: _dropped, ...progress } = this.#progress;
    // Twins that changed in dropped blocks are read again with the next blocks.
    const recent = progress.recent.map(({ twin }) => ({ twin, block: 0 }));
    this.#progress = { ...progress, number, recent };
    this.#port.log('chain-fork', { block: progress.number, to: number });
  }

  /** Resolves with whether the head is reached. */
  async #advance({ through, changes, head, unreadable }: Blocks): Promise<boolean> {
    const progress = this.#progress;
    if (progress === undefined) return false;
    const { read, later } = twinsToRead(progress.recent, changes, through.number, head);
    for (const twin of read) {
      const lookup = await this.#port.reader.refresh(twin, through.hash);
      if ('unavailable' in lookup) throw new Failure('refresh', `twin ${twin}: ${lookup.unavailable}`);
      if ('found' in lookup) this.#port.reread(twin, lookup.before, lookup.found.relay, through.hash);
    }
    const advanced = { ...countChanges(progress, changes, through.number), ...through, recent: later };
    const checked = await this.#checkReadable(advanced, unreadable);
    const isNews = read.length > 0 || changes.length > 0 || checked !== advanced;
    const isDue = Math.abs(through.number - (this.#stored ?? -STORE_BLOCKS)) >= STORE_BLOCKS;
    if (isNews || isDue) this.#store(checked);
    else this.#progress = checked;
    return through.number >= head;
  }

  /** Starts a new generation for unreadable events, because any twin may have changed in them. */
  async #checkReadable(progress: Progress, unreadable: string | undefined): Promise<Progress> {
    if (unreadable === undefined) {
      this.#isUnreadable = false;
      return progress;
    }
    this.#errors.events += 1;
    if (!this.#isUnreadable) this.#port.log('chain-events-unreadable', { reason: unreadable });
    this.#isUnreadable = true;
    if (!isDoubtful(progress.number, progress.doubtfulAt)) return progress;
    await this.#newGeneration(progress.genesis, progress.number, 'events that cannot be read');
    return { ...progress, doubtfulAt: progress.number, generations: progress.generations + 1 };
  }

  #succeeded(): void {
    if (this.#failures === 0) return;
    this.#port.log('chain-followed-again', { failures: this.#failures });
    this.#failures = 0;
    if (this.#progress !== undefined) this.#store({ ...this.#progress, reconnects: this.#progress.reconnects + 1 });
  }

  #store(progress: Omit<Progress, 'at'>): void {
    this.#progress = { ...progress, at: this.#port.now(), errors: { ...this.#errors } };
    this.#stored = progress.number;
    this.#port.store(this.#progress);
  }
}
