import type { Batch, Receiver, TwinLine, TwinRpc, Verdicts } from '../contract.ts';
import { receiverOf } from './parcels.ts';

/** More batches in a row than this are load: the receiver writes down what it counted later, and is awake anyhow. */
const LOAD = 8;
/** Batches that are no further apart than this are in a row (ms). */
const APART_MS = 10;
/** A line keeps the receiver's object awake, and billed: no longer than it waits itself under load (ms). */
const OPEN_MS = 100;
/** Of so many twins it is known how they were written to. */
const MOST_WAYS = 1024;

/** A line as the platform gives it: it ends when it is disposed of. */
type OpenLine = TwinLine & Disposable;

/** What lines need of their object. */
export interface LinesPort {
  /** Unix ms. */
  now(): number;
  /** The object of a twin. */
  twin(id: number): Pick<TwinRpc, 'deliver'> & { line(): Promise<OpenLine> };
  /** Work that nobody waits for; the object stays awake until it is over. */
  background(work: Promise<void>): void;
  wait(ms: number): Promise<void>;
}

/**
 * How batches reach other twins' objects: each by a call of its own, and while one follows the other by a line, a
 * session of calls that is opened once. The platform does half as much for a call in a session, and bills the session.
 */
export class Lines {
  readonly #port: LinesPort;
  readonly #ways = new Map<number, Receiver>();

  constructor(port: LinesPort) {
    this.#port = port;
  }

  /** The receiving end of a twin; it must be given one batch at a time. */
  receiver(twin: number): Receiver {
    let way = this.#ways.get(twin);
    if (way === undefined) {
      // A line that is forgotten with its way ends at its time all the same.
      if (this.#ways.size >= MOST_WAYS) this.#ways.clear();
      way = receiverOf(new Way(twin, this.#port));
      this.#ways.set(twin, way);
    }
    return way;
  }
}

/** The way to one twin. */
class Way implements TwinLine {
  readonly #twin: number;
  readonly #port: LinesPort;
  #inRow = 0;
  #lastAt = 0;
  #isOpening = false;
  #line: OpenLine | undefined;

  constructor(twin: number, port: LinesPort) {
    this.#twin = twin;
    this.#port = port;
  }

  async deliver(batch: Batch): Promise<Verdicts> {
    this.#inRow = this.#port.now() - this.#lastAt <= APART_MS ? this.#inRow + 1 : 1;
    const line = this.#line;
    if (line === undefined && !this.#isOpening && this.#inRow > LOAD) this.#port.background(this.#open());
    try {
      return await (line ?? this.#port.twin(this.#twin)).deliver(batch);
    } catch (error) {
      // It may be the line that is broken: what comes next must not find it.
      if (this.#line === line) this.#line = undefined;
      throw error;
    } finally {
      this.#lastAt = this.#port.now();
    }
  }

  /** Opens a line for a while; until it is there batches go as before. */
  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      using line = await this.#port.twin(this.#twin).line();
      this.#line = line;
      await this.#port.wait(OPEN_MS);
      if (this.#line === line) this.#line = undefined;
    } catch {
      // The receiver's object is away for a moment: the batch that comes next will tell.
    } finally {
      this.#isOpening = false;
    }
  }
}
