import type { Answer, Batch, GatheredAnswer } from '../../contract.ts';
import type { Host } from '../../host.ts';
import { platformErrorOf } from '../../platform-errors.ts';

/** An RPC carries at most 32 MiB. A call is this much, or one batch. */
const CALL_BYTES = 8 * 2 ** 20;
const CALL_BATCHES = 1_000;
/** Several objects of a class may share one isolate of 128 MB. */
const WAITING_BYTES = 24 * 2 ** 20;
const WAITING_BATCHES = 10_000;
/** A call at most this often: sixteen gatherers are then 80 calls a second, of at least 500 that an object takes. */
const SHORTEST_PAUSE_MS = 200;
/** The pause doubles with each call that the object rejects, and shrinks by a tenth with each that it takes. */
const LONGEST_PAUSE_MS = 1_600;
const SHRINK = 0.9;
/** After this its sender decides about a batch. A sender with custody repeats an envelope after 5 s. */
const HELD_MS = 1_000;

/** The port of a gatherer to its object. */
export interface GatheringPort {
  readonly host: Host;
  /** Returns a number from 0 to 1. */
  random(): number;
  /** Brings batches of many senders to their twin's object. Resolves with an answer for each. */
  bring(batches: readonly Batch[]): Promise<readonly GatheredAnswer[]>;
}

/** A batch whose sender waits for the answer. */
interface Waiting {
  readonly batch: Batch;
  readonly bytes: number;
  readonly since: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Gathers the batches of many senders for one twin, in memory: a hot object gets few large calls instead of thousands.
 * One call at a time, first come first served. If this object dies, its senders see a broken call, as of any object.
 */
export class Gathering {
  readonly #port: GatheringPort;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #isRunning = false;
  #pause = SHORTEST_PAUSE_MS;
  /** When the next call may start, Unix ms. */
  #notBefore = 0;

  constructor(port: GatheringPort) {
    this.#port = port;
  }

  /** Brings a batch with the next call. Resolves with its answer; rejects as a call of the twin's object would. */
  async gather(batch: Batch): Promise<Answer> {
    const bytes = batch.large.reduce((sum, { length }) => sum + length, batch.packed.length);
    if (this.#waiting.length >= WAITING_BATCHES || this.#bytes + bytes > WAITING_BYTES) throw overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ batch, bytes, since: this.#port.host.now(), resolve, reject });
    this.#bytes += bytes;
    if (!this.#isRunning) this.#port.host.background(this.#run());
    return await promise;
  }

  async #run(): Promise<void> {
    const { host } = this.#port;
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await host.wait(Math.max(0, this.#notBefore - host.now()));
      const began = host.now();
      await this.#call(this.#take());
      this.#notBefore = began + this.#pause;
    }
    this.#isRunning = false;
  }

  async #call(call: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#port.bring(call.map(({ batch }) => batch));
      this.#pause = Math.max(SHORTEST_PAUSE_MS, this.#pause * SHRINK);
      for (const [n, each] of call.entries()) settle(each, answers[n]);
    } catch (error) {
      if (platformErrorOf(error) === 'overloaded') this.#keep(call);
      else for (const { reject } of call) reject(error);
    }
  }

  /** The call never ran: its batches stay first, unless they have waited for long. */
  #keep(call: readonly Waiting[]): void {
    const { host, random } = this.#port;
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * (1.5 + random()));
    const now = host.now();
    const kept = call.filter(({ since }) => now - since < HELD_MS);
    const isKept = new Set(kept);
    this.#waiting = [...kept, ...this.#waiting];
    for (const { bytes } of kept) this.#bytes += bytes;
    for (const each of call) if (!isKept.has(each)) each.reject(overloaded());
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const each of this.#waiting) {
      if (count > 0 && (count >= CALL_BATCHES || bytes + each.bytes > CALL_BYTES)) break;
      bytes += each.bytes;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}

function settle({ resolve, reject }: Waiting, answer: GatheredAnswer | undefined): void {
  if (answer === undefined) reject(new Error('a gathered call has too few answers'));
  else if (typeof answer === 'object' && 'failed' in answer) reject(new Error(answer.failed));
  else resolve(answer);
}

/** The platform's own words, by which the sender's object knows that nothing ran. */
function overloaded(): Error {
  return new Error('Durable Object is overloaded. Too much data queued.');
}
