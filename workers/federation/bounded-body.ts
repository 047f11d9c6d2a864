import { concatBytes } from '@noble/hashes/utils.js';

const MIB = 2 ** 20;
/** A sender reads the response only after its whole body: so many bytes too many are read and discarded. */
const LINGER_BYTES = 32 * MIB;
/** Bytes that are kept before anything of the envelope is known. */
const HEAD_BYTES = 65_536;
/** How long a body may take, and how much longer for each MiB. Otherwise a stalled body would stay for ever. */
const TIME = { ms: 10_000, msPerMib: 1_000 };
/** Bodies of more than 64 KiB in memory at once: an isolate has 128 MB. */
const MOST_LARGE = 8;

/** Why a body was not read to its end. */
export type BodyFault<F> =
  | { readonly reason: 'too-large' | 'too-slow' | 'busy' | 'cut' }
  /** The caller refused the beginning of the body. */
  | { readonly reason: 'refused'; readonly fault: F };

/** A body, or why it was not read. */
export type Body<F> = { readonly ok: true; readonly bytes: Uint8Array } | ({ readonly ok: false } & BodyFault<F>);

// Of this isolate. An aborted request decrements it in `finally`.
let large = 0;

/** The part of a body that is read. */
interface Reading {
  readonly chunks: Uint8Array[];
  size: number;
}

/**
 * Reads a body of at most `most` bytes. A body over 64 KiB is judged by its first 64 KiB before the rest is kept.
 * Content-Length is used only to refuse early; the bytes are counted as they arrive.
 * @param judge returns what is wrong with the body, by its first 64 KiB; undefined: nothing
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
      // The connection may break before the end of the body. This relay is not at fault.
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
      // The rest is not kept.
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

/** Ends a body that takes too long. */
class Clock {
  /** Resolves when the body took too long. */
  readonly over: Promise<'over'>;
  readonly #reading: Reading;
  readonly #startedAt = Date.now();
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
    const left = this.#startedAt + TIME.ms + (this.#reading.size / MIB) * TIME.msPerMib - Date.now();
    if (left <= 0) {
      end();
      return;
    }
    const timer = setTimeout(() => this.#look(end), left);
    this.#cancel = () => clearTimeout(timer);
  }
}
