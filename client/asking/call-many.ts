import { RmbError } from '../errors.ts';
import type { CallResult } from '../public.ts';

/** Calls at once, unless the options say otherwise: a relay takes so many without a pause. */
const PARALLEL = 64;

/** Options of a run over many twins. */
interface ManyOptions {
  readonly parallel?: number | undefined;
  /** Aborts every call. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls many twins, some at once, and yields what became of each call as soon as it is known. Leaving the loop aborts the
 * calls that are under way.
 * @param call calls one twin
 */
export async function* callMany<Data>(
  twins: readonly (number | string)[],
  call: (twin: number | string, signal: AbortSignal) => Promise<Data>,
  { parallel = PARALLEL, signal }: ManyOptions,
): AsyncGenerator<CallResult<Data>, void, undefined> {
  if (!Number.isInteger(parallel) || parallel < 1) {
    throw new RmbError('invalid', `'${parallel}' is no number of calls at once: expected 1 or more`);
  }
  const left = new AbortController();
  const stop = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const results: CallResult<Data>[] = [];
  const queue = twins[Symbol.iterator]();
  let inFlight = 0;
  let wake: () => void = () => undefined;
  const ended = (result: CallResult<Data>) => {
    results.push(result);
    inFlight -= 1;
    wake();
  };
  const begin = (twin: number | string) => {
    inFlight += 1;
    call(twin, stop).then(
      (data) => ended({ twin, ok: true, data }),
      (error: unknown) => ended({ twin, ok: false, error: rmbError(error) }),
    );
  };
  try {
    for (;;) {
      // Unread results count: a reader that is slow slows the calls.
      while (inFlight + results.length < parallel) {
        const { value: twin, done } = queue.next();
        if (done === true || twin === undefined) break;
        begin(twin);
      }
      const result = results.shift();
      if (result !== undefined) yield result;
      else if (inFlight === 0) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    left.abort();
  }
}

function rmbError(error: unknown): RmbError {
  return error instanceof RmbError ? error : new RmbError('unsendable', String(error), { cause: error });
}
