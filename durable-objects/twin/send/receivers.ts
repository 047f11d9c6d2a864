import type { Answer, Batch, GathererRpc, Receiver, TwinLine, TwinRpc } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { sparing } from '../../placement/sparing.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import { type CallEnd, COLD, type Heat, heatAfter, wayOf } from '../gather/heat.ts';
import { type Riding, receiverOf } from '../receive/batch.ts';

/** More batches in a row than this are load. The receiver is then awake anyway, so an open line costs nothing more. */
const LOAD_BATCHES = 8;
/** Batches are in a row if they are at most this far apart. */
const APART_MS = 10;
/** An open line keeps the receiver's object awake, and billed. Under load the object stays awake as long by itself. */
const OPEN_MS = 100;
/** Receivers that are remembered. */
const MOST_RECEIVERS = 1024;

/** A line as the platform returns it. It ends when it is disposed. */
type OpenLine = TwinLine & Disposable;

/** The port of receivers to their object. */
export interface ReceiversPort {
  readonly host: Host;
  /** Returns the object of a twin. */
  object(id: number): Pick<TwinRpc, 'deliver' | 'receipts'> & { line(): Promise<OpenLine> };
  /** Returns whether a twin may have an object. */
  hasObject(id: number): Promise<boolean>;
  /** Returns this object's gatherer for a hot twin; absent: this object has no name, and gets none. */
  gatherer?(id: number): GathererRpc;
  /** Returns a number from 0 to 1. */
  random(): number;
  /** Returns the receipts that ride to a twin and back; absent: this object has no name, and gets none. */
  riding?(id: number): Riding;
}

interface Known {
  readonly object: RemoteTwin;
  readonly receiver: Receiver;
}

/**
 * The receiving ends of other twins. A batch goes by a call of its own. Under load it goes by a line, a session of calls
 * that is opened once: the platform does half as much for a call in a session, and bills the session. To a twin that takes
 * no more calls, or answers slowly, it goes by a gatherer.
 */
export class Receivers {
  readonly #port: ReceiversPort;
  readonly #known = new Map<number, Known>();

  constructor(port: ReceiversPort) {
    this.#port = port;
  }

  /** Returns the receiving end of a twin. It takes one batch at a time. */
  of(twin: number): Receiver {
    return this.#of(twin).receiver;
  }

  /** Brings receipts to a twin's object. Receipts that it takes by no way stay for the next call. */
  async receipts(twin: number, packed: Uint8Array): Promise<void> {
    const { object } = this.#of(twin);
    if (!object.isGathered && (await object.receipts(packed))) return;
    const riding = this.#port.riding?.(twin);
    // A batch without envelopes: it is gathered like any other.
    if (riding !== undefined) await receiverOf(object, { ...riding, take: () => packed }).deliver([]);
  }

  #of(twin: number): Known {
    let known = this.#known.get(twin);
    if (known === undefined) {
      // The line of a forgotten receiver still ends in time.
      if (this.#known.size >= MOST_RECEIVERS) this.#forget();
      const object = new RemoteTwin(twin, this.#port);
      const remote = receiverOf(object, this.#port.riding?.(twin));
      known = { object, receiver: sparing(remote, () => this.#port.hasObject(twin)) };
      this.#known.set(twin, known);
    }
    return known;
  }

  /** A gathered twin stays: otherwise a direct batch could overtake one in its gatherer. */
  #forget(): void {
    for (const [twin, { object }] of this.#known) if (!object.isGathered) this.#known.delete(twin);
    if (this.#known.size >= MOST_RECEIVERS) this.#known.clear();
  }
}

/** Another twin's object, by calls and by a line. */
class RemoteTwin implements TwinLine {
  readonly #twin: number;
  readonly #port: ReceiversPort;
  #inRow = 0;
  #lastAt = 0;
  #isOpening = false;
  #line: OpenLine | undefined;
  #heat: Heat = COLD;

  constructor(twin: number, port: ReceiversPort) {
    this.#twin = twin;
    this.#port = port;
  }

  /** Whether batches go by a gatherer. */
  get isGathered(): boolean {
    return this.#port.gatherer !== undefined && wayOf(this.#heat, this.#port.host.now()) === 'gathered';
  }

  async deliver(batch: Batch): Promise<Answer> {
    if (this.isGathered) return await this.#gather(batch);
    const began = this.#port.host.now();
    try {
      const answer = await this.#direct(batch);
      this.#ended({ took: this.#port.host.now() - began });
      return answer;
    } catch (error) {
      if (!this.#isOverload(error)) throw error;
    }
    // The call never ran.
    return await this.#gather(batch);
  }

  /** Brings receipts by a call of their own. Returns false when it never ran, because the object is overloaded. */
  async receipts(packed: Uint8Array): Promise<boolean> {
    try {
      await this.#port.object(this.#twin).receipts(packed);
      return true;
    } catch (error) {
      if (!this.#isOverload(error)) throw error;
      return false;
    }
  }

  /** Returns whether a direct call failed because of load, and batches are gathered from now on. */
  #isOverload(error: unknown): boolean {
    if (platformErrorOf(error) !== 'overloaded') return false;
    this.#ended('overloaded');
    return this.isGathered;
  }

  async #gather(batch: Batch): Promise<Answer> {
    const gatherer = this.#port.gatherer?.(this.#twin);
    if (gatherer === undefined) throw new Error('this object has no gatherer');
    try {
      return await gatherer.gather(this.#twin, batch);
    } catch (error) {
      if (platformErrorOf(error) !== 'overloaded') this.#ended('in-doubt');
      throw error;
    }
  }

  #ended(end: CallEnd): void {
    const { host, random } = this.#port;
    this.#heat = heatAfter(this.#heat, end, host.now(), random());
  }

  async #direct(batch: Batch): Promise<Answer> {
    const { host } = this.#port;
    this.#inRow = host.now() - this.#lastAt <= APART_MS ? this.#inRow + 1 : 1;
    const line = this.#line;
    if (line === undefined && !this.#isOpening && this.#inRow > LOAD_BATCHES) host.background(this.#open());
    try {
      return await (line ?? this.#port.object(this.#twin)).deliver(batch);
    } catch (error) {
      // The line may be broken: the next batch must not use it.
      if (this.#line === line) this.#line = undefined;
      throw error;
    } finally {
      this.#lastAt = host.now();
    }
  }

  /** Opens a line for a while. Until it is open, batches go by calls. */
  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      using line = await this.#port.object(this.#twin).line();
      this.#line = line;
      await this.#port.host.wait(OPEN_MS);
      if (this.#line === line) this.#line = undefined;
    } catch {
      // The receiver's object is away for a moment: the call of the next batch reports that.
    } finally {
      this.#isOpening = false;
    }
  }
}
