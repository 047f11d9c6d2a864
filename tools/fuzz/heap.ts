import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Inputs between two samples. */
const SAMPLE_INPUTS = 50_000;
/** Lazily filled caches and code take some memory; a leak of 100 bytes an input passes this within 100,000 inputs. */
const MAX_GROWTH_BYTES = 8 * 2 ** 20;

/** Follows what stays in memory after a collection. */
export class Heap {
  readonly #collect = collector();
  #first: number | undefined;
  #last = 0;

  /** Takes a sample if one is scheduled after this many inputs. */
  sample(inputs: number): void {
    if (inputs === 0 || inputs % SAMPLE_INPUTS > 255) return;
    this.#collect();
    const { heapUsed, external } = process.memoryUsage();
    this.#last = heapUsed + external;
    this.#first ??= this.#last;
  }

  /** Returns how much memory grew between the first sample and the last one, bytes. */
  get growth(): number {
    return this.#last - (this.#first ?? this.#last);
  }

  get isFlat(): boolean {
    return this.growth <= MAX_GROWTH_BYTES;
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') collect();
  };
}
