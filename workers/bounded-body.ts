import { concatBytes } from '@noble/hashes/utils.js';

const MIB = 2 ** 20;
/** A sender of too much reads its answer only after it has sent all: so much more is taken and discarded (bytes). */
const LINGER_BYTES = 32 * MIB;
/** What may be in memory before anything of the envelope is known (bytes). */
const HEAD_BYTES = 65_536;
/** How long a body may take: so long, and so much more for each MiB that has come. A stalled body would stay for ever. */
const TIME = { ms: 10_000, msPerMib: 1_000 };
/** Bodies of more than 64 KiB in the memory of an isolate at once: it has 128 MB. */
const MOST_LARGE = 8;

/** Why a body was not read to its end. */
export type BodyFault<F> =
  | { readonly reason: 'too-large' | 'too-slow' | 'busy' | 'cut' }
  /** The beginning of the body was refused by the caller. */
  | { readonly reason: 'refused'; readonly fault: F };

/** What was read of a body. */
export type Body<F> = { readonly ok: true; readonly bytes: Uint8Array } | ({ readonly ok: false } & BodyFault<F>);

// Of this isolate. A request that is aborted leaves through `finally`.
let large = 0;

/** What is read, and how far. */
interface Reading {
  readonly chunks: Uint8Array[];
  size: number;
}

/**
 * Reads a body of at most `most` bytes. A body over 64 KiB is judged by its first 64 KiB before the rest is kept.
 * Content-Length is believed only when it is too much; the bytes are counted as they come.
 * @param judge says from the first 64 KiB what is wrong with the body; undefined: nothing
 */
export async function readBounded<F>(
  request: Pick<Request, 'headers' | 'body'>,
  most: number,
  judge: (head: Uint8Array) => Promise<F | undefined>,
): Promise<Body<F>> {
  if (request.body === null) return { ok: true, bytes: new Uint8Array(0) };
  const reader = request.body.getReader();
  const reading: Reading = { chunks: [], size: 0 };
  const clock = new Clock(reading);
  let holds = false;
  const leave = (fault: BodyFault<F>): Body<F> => {
    reader.cancel().catch(() => undefined);
    return { ok: false, ...fault };
  };
  try {
    let fault: BodyFault<F> | undefined;
    if (Number(request.headers.get('content-length') ?? 0) > most) fault = { reason: 'too-large' };
    for (;;) {
      // A sender that is lost before the end of its body is no fault of this relay.
      const read = reader.read().catch(() => 'cut' as const);
      const next = await Promise.race([read, clock.over]);
      if (next === 'cut') return leave(fault ?? { reason: 'cut' });
      if (next === 'over') return leave(fault ?? { reason: 'too-slow' });
      if (next.done) break;
      reading.size += next.value.length;
      if (reading.size > most) fault ??= { reason: 'too-large' };
      if (fault === undefined) reading.chunks.push(next.value);
      else reading.chunks.length = 0;
      if (reading.size > most + LINGER_BYTES) return leave(fault ?? { reason: 'too-large' });
      if (fault !== undefined || holds || reading.size <= HEAD_BYTES) continue;
      if (large >= MOST_LARGE) return leave({ reason: 'busy' });
      large += 1;
      holds = true;
      const refused = await judge(concatBytes(...reading.chunks));
      if (refused === undefined) continue;
      fault = { reason: 'refused', fault: refused };
      // Nothing is kept of what still comes.
      large -= 1;
      holds = false;
      reading.chunks.length = 0;
    }
    return fault === undefined ? { ok: true, bytes: concatBytes(...reading.chunks) } : { ok: false, ...fault };
  } finally {
    clock.stop();
    if (holds) large -= 1;
  }
}

/** Ends the time of a body. */
class Clock {
  /** Resolves when the time is over. */
  readonly over: Promise<'over'>;
  readonly #reading: Reading;
  readonly #began = Date.now();
  #cancel: () => void = () => undefined;

  constructor(reading: Reading) {
    this.#reading = reading;
    const { promise, resolve } = Promise.withResolvers<'over'>();
    this.over = promise;
    this.#look(() => resolve('over'));
  }

  stop(): void {
    this.#cancel();
  }

  #look(end: () => void): void {
    const left = this.#began + TIME.ms + (this.#reading.size / MIB) * TIME.msPerMib - Date.now();
    if (left <= 0) {
      end();
      return;
    }
    const timer = setTimeout(() => this.#look(end), left);
    this.#cancel = () => clearTimeout(timer);
  }
}
