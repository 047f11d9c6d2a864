import type { ChainReader, ChainStep, WatcherStatus } from '../contract.ts';
import type { HeadSeen } from './catch-up.ts';
import { decide, expectedHead, isDoubtful, isStalled, LOOK_BACK, waitAfter } from './catch-up.ts';
import type { Pace } from './pace.ts';
import { FIRST_PACE, learnPace, untilNextLook } from './pace.ts';
import type { Progress } from './progress.ts';
import { count, duties, NOTHING_COUNTED } from './progress.ts';

/** Blocks that are read in one call. */
const BLOCKS_A_STEP = 50;
/** Steps of one wake-up: 600 blocks and a few more. What is left goes on in the next, at once. */
const STEPS_A_RUN = 16;
/** Progress is kept once in so many blocks: a row costs more than reading a few blocks again. */
const KEEP_BLOCKS = 10;
/** Where a chain cannot be followed, the cache begins anew at most so often (ms). */
const BEGIN_AGAIN_MS = 60_000;

type Blocks = Extract<ChainStep, { kind: 'blocks' }>;

/** What a watcher needs of its host. */
export interface WatcherPort {
  readonly reader: ChainReader;
  /** Keeps progress; costs a row. */
  keep(progress: Progress): void;
  /** Writes a log line; once for each thing that happens, not for each block. */
  log(event: string, details: object): void;
  /** Unix ms. */
  now(): number;
}

/** What failed, for the count of errors. */
class Failure extends Error {
  readonly stage: 'follow' | 'refresh';

  constructor(stage: 'follow' | 'refresh', message: string) {
    super(message);
    this.name = 'Failure';
    this.stage = stage;
  }
}

/** Follows the chain block by block and has changed twins read again. Decides by catch-up.ts; replay is harmless. */
export class Watcher {
  readonly #port: WatcherPort;
  readonly #threshold: number;
  #progress: Progress | undefined;
  #kept: number | undefined;
  #seen: HeadSeen | undefined;
  #pace: Pace = FIRST_PACE;
  #failures = 0;
  #answeredAt: number | undefined;
  #isUnreadable = false;
  /** Unix ms of the last beginning. */
  #begunAt = 0;
  #errors = { ...NOTHING_COUNTED.errors };

  /**
   * @param progress what was kept, if anything was
   * @param threshold after more missed blocks than this the cache begins anew
   */
  constructor(port: WatcherPort, progress: Progress | undefined, threshold: number) {
    this.#port = port;
    this.#threshold = threshold;
    this.#progress = progress;
    this.#kept = progress?.number;
    if (progress === undefined) return;
    this.#errors = { ...progress.errors };
    // What the head was then says what it may be now.
    this.#seen = { number: progress.number, grewAt: progress.at, comparedAt: port.now() };
  }

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

  /** Catches up with the chain. @returns ms until the next run; never rejects */
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

  /** @returns whether the head is reached */
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

  /** Asks for what comes after the block that we are at, and learns from the head. */
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

  /** Where we are cannot be followed from: begins at the head, if there is one, and if it is really so. */
  async #beginIfAlive(why: string, isCertain: boolean): Promise<void> {
    // Whatever is wrong with a chain that stays so, a cache that begins anew all the time is none.
    if (this.#port.now() - this.#begunAt < BEGIN_AGAIN_MS) throw new Failure('follow', why);
    const head = await this.#port.reader.follow({ most: 1 });
    if (head.kind !== 'blocks') throw new Failure('follow', why);
    // The chain may have come back just now: then nothing is lost.
    const again = isCertain ? undefined : await this.#follow();
    if (again !== undefined && again.kind !== 'failed') return;
    this.#seen = undefined;
    await this.#begin(head, why);
  }

  async #begin({ genesis, head }: Blocks, why: string): Promise<void> {
    const before = this.#progress ?? NOTHING_COUNTED;
    await this.#newGeneration(genesis, head, why);
    this.#begunAt = this.#port.now();
    // The last blocks are read all the same: a look-up in between may have asked a node that is behind.
    const number = Math.max(head - LOOK_BACK, 0);
    const { stored, updated, reconnects } = before;
    const generations = before.generations + 1;
    const counts = { stored, updated, generations, reconnects, counted: head, errors: this.#errors };
    this.#keep({ genesis, number, recent: [], ...counts });
  }

  async #newGeneration(genesis: string, block: number, why: string): Promise<void> {
    const { reader, log, now } = this.#port;
    // Another chain is another generation, and so is another start on the same one.
    await reader.newGeneration(`${genesis.slice(2, 18)}:${block}:${now()}`);
    // At the very first start there was no cache to speak of.
    if (this.#progress !== undefined) log('twin-cache-begun-anew', { block, why });
  }

  #stepBack(number: number): void {
    if (this.#progress === undefined) return;
    const { hash: _left, ...progress } = this.#progress;
    // What changed in blocks that are gone is read again with the next ones.
    const recent = progress.recent.map(({ twin }) => ({ twin, block: 0 }));
    this.#progress = { ...progress, number, recent };
    this.#port.log('chain-fork', { block: progress.number, to: number });
  }

  /** @returns whether the head is reached */
  async #advance({ through, changes, head, unreadable }: Blocks): Promise<boolean> {
    const progress = this.#progress;
    if (progress === undefined) return false;
    const { read, later } = duties(progress.recent, changes, through.number, head);
    for (const twin of read) {
      const lookup = await this.#port.reader.refresh(twin, through.hash);
      if ('unavailable' in lookup) throw new Failure('refresh', `twin ${twin}: ${lookup.unavailable}`);
    }
    const advanced = { ...count(progress, changes, through.number), ...through, recent: later };
    const doubted = await this.#doubt(advanced, unreadable);
    const isNews = read.length > 0 || changes.length > 0 || doubted !== advanced;
    const isDue = Math.abs(through.number - (this.#kept ?? -KEEP_BLOCKS)) >= KEEP_BLOCKS;
    if (isNews || isDue) this.#keep(doubted);
    else this.#progress = doubted;
    return through.number >= head;
  }

  /** Events that nobody could read may have told of any twin. */
  async #doubt(progress: Progress, unreadable: string | undefined): Promise<Progress> {
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
    if (this.#progress !== undefined) this.#keep({ ...this.#progress, reconnects: this.#progress.reconnects + 1 });
  }

  #keep(progress: Omit<Progress, 'at'>): void {
    this.#progress = { ...progress, at: this.#port.now(), errors: { ...this.#errors } };
    this.#kept = progress.number;
    this.#port.keep(this.#progress);
  }
}
