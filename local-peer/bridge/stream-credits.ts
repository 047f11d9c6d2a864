import type { Signal } from '../../proto/stream/signal.ts';
import type { StreamPart } from '../../proto/stream/tags.ts';

/** Replies of one twin that may be on their way to a program's list, or wait in it. */
export const CREDIT = 64;
/** Between two looks at the list of a program that does not take its replies, ms. */
const LOOK_MS = 100;

/** A stream to a program of this machine. */
interface Stream {
  readonly uid: string;
  readonly twin: number;
  /** The program's list. */
  readonly queue: string;
  /** Seconds for which the request is of use. */
  readonly seconds: number;
  /** End of the request's time, by `performance.now()`, give or take: replies that come later find no stream. */
  readonly until: number;
  /** Replies with a lower number came, or are on their way. */
  reached: number;
  granted: number;
  isLooking: boolean;
}

/** Parts of the peer that credits need. */
export interface StreamCreditsParts {
  /** Returns the number of entries that wait in a list. */
  waiting(queue: string): Promise<number>;
  /** Sends a signal to the twin of a stream. */
  signal(twin: number, seconds: number, signal: Signal): void;
  /** Waits for `ms`. Returns false, at once, when the peer stops. */
  pause(ms: number): Promise<boolean>;
  /** Receives an error when Redis does not answer. */
  onFault(error: unknown): void;
}

/**
 * Gives credit to the streams of local programs. A program gives none itself: it gets more replies as soon as it has
 * taken those from its list. After a crash of the peer, the first reply that comes (or comes again) begins its stream.
 */
export class StreamCredits {
  readonly #parts: StreamCreditsParts;
  /** By uid and twin. */
  readonly #streams = new Map<string, Stream>();

  constructor(parts: StreamCreditsParts) {
    this.#parts = parts;
  }

  /** A reply of `twin` is in its program's list. */
  replied(of: Pick<Stream, 'uid' | 'twin' | 'queue' | 'seconds'>, { seq, isLast }: StreamPart): void {
    const name = `${of.twin} ${of.uid}`;
    const stream = this.#streams.get(name) ?? this.#begin(name, of);
    stream.reached = Math.max(stream.reached, seq + 1);
    if (isLast) this.#streams.delete(name);
    else if (!stream.isLooking) void this.#look(name, stream).catch((error) => this.#parts.onFault(error));
  }

  #begin(name: string, of: Pick<Stream, 'uid' | 'twin' | 'queue' | 'seconds'>): Stream {
    const now = performance.now();
    const stream = { ...of, until: now + of.seconds * 1000, reached: 0, granted: CREDIT, isLooking: false };
    this.#streams.set(name, stream);
    for (const [oldest, { until }] of this.#streams) {
      if (until > now) break;
      this.#streams.delete(oldest);
    }
    return stream;
  }

  /** Gives more credit as soon as the program has taken its replies. */
  async #look(name: string, stream: Stream): Promise<void> {
    const { uid, twin, queue, seconds } = stream;
    stream.isLooking = true;
    try {
      while (stream.granted - stream.reached <= CREDIT / 2 && this.#streams.get(name) === stream) {
        if ((await this.#parts.waiting(queue)) < CREDIT / 2) {
          stream.granted = stream.reached + CREDIT;
          this.#parts.signal(twin, seconds, { kind: 'credit', uid, credit: stream.granted });
        } else if (!(await this.#parts.pause(LOOK_MS)) || performance.now() >= stream.until) return;
      }
    } finally {
      stream.isLooking = false;
    }
  }
}
