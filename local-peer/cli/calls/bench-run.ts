import { nameOf } from '../../../client/asking/failures.ts';
import { RmbError, type RmbErrorCode } from '../../../client/errors.ts';
import type { Address } from '../../../proto/envelope/address.ts';
import { paint } from '../output.ts';
import { plain } from '../plain.ts';
import { rounded, roundTrips, tripLine } from './statistics.ts';

/** Measurements of a bench so far. */
export class BenchRun {
  /** Round trips of all replies, with errors, ms. */
  readonly #times: number[] = [];
  /** Error replies, by their text. */
  readonly #errors = new Map<string, number>();
  readonly #to: Address;
  readonly #total: number;
  readonly #failures = new Map<string, number>();
  #first: RmbErrorCode | undefined;
  readonly #now: () => number;
  readonly #began: number;

  /** @param now a monotonic clock, ms; the run begins now */
  constructor(to: Address, total: number, now: () => number) {
    this.#to = to;
    this.#total = total;
    this.#now = now;
    this.#began = now();
  }

  /** Makes a request, and counts its outcome. */
  async measure(request: () => Promise<unknown>): Promise<void> {
    const began = this.#now();
    try {
      await request();
      this.#times.push(this.#now() - began);
    } catch (error) {
      this.#fail(error, this.#now() - began);
    }
  }

  /** An error that the twin signed is a reply, too. */
  #fail(error: unknown, ms: number): void {
    if (!(error instanceof RmbError)) throw error;
    const { code, reply, message } = error;
    if (reply !== undefined) {
      this.#times.push(ms);
      addTo(this.#errors, `error ${reply.code}: ${plain(reply.message)}`);
    } else {
      this.#first ??= code;
      addTo(this.#failures, plain(message));
    }
  }

  get done(): number {
    return this.#times.length + sumOf(this.#failures);
  }

  /** Returns replies a second. */
  rate(): number {
    return this.#times.length / Math.max(0.001, this.#seconds());
  }

  #seconds(): number {
    return (this.#now() - this.#began) / 1000;
  }

  /** Returns the result for programs. */
  json(): object {
    const trips = roundTrips(this.#times);
    return {
      twin: this.#to.twin,
      requests: this.#total,
      answered: this.#times.length,
      errors: Object.fromEntries(this.#errors),
      failed: Object.fromEntries(this.#failures),
      seconds: Number(this.#seconds().toFixed(3)),
      perSecond: Number(this.rate().toFixed(1)),
      roundTrip: trips === undefined ? null : rounded(trips),
    };
  }

  /** Returns the result for people, line by line. */
  lines(): string[] {
    const trips = roundTrips(this.#times);
    const answered = `${this.#times.length} of ${this.#total} answered in ${this.#seconds().toFixed(1)} s`;
    return [
      `${nameOf(this.#to)}: ${answered}, ${paint('bold', `${this.rate().toFixed(1)} a second`)}`,
      ...(trips === undefined ? [] : [tripLine(trips)]),
      ...[...this.#errors].map(([text, count]) => `${paint('red', `${count} answered with an error`)}: ${text}`),
      ...[...this.#failures].map(([message, count]) => `${paint('red', `${count} failed`)}: ${message}`),
    ];
  }

  /** @throws RmbError when a request failed, or was answered with an error */
  judge(): void {
    if (this.#first !== undefined) {
      const failed = this.#total - this.#times.length;
      throw new RmbError(this.#first, `${failed} of ${this.#total} requests failed`);
    }
    const errors = sumOf(this.#errors);
    if (errors === 0) return;
    throw new RmbError('answered-error', `${errors} of ${this.#total} requests were answered with an error`);
  }
}

function addTo(counts: Map<string, number>, text: string): void {
  counts.set(text, (counts.get(text) ?? 0) + 1);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
