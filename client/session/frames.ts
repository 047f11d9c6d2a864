/** Frames in work at once: beyond this the relay holds them, not this process. */
const MOST = 256;
/** The same for a custody session, whose window bounds them: those of sessions before it may be in work, too. */
const MOST_WITH_WINDOWS = 16_384;
/** Bytes of frames in work, give or take a frame. */
const MOST_BYTES = 64 * 2 ** 20;

/** Source of frames. */
export interface FrameSource {
  pause(): void;
  resume(): void;
}

/** Counts the frames of one relay that are being processed, and stops reading when there are many. */
export class FramesInWork<End> {
  readonly #onFrame: (frame: Uint8Array) => Promise<End>;
  readonly #mostBytes: number;
  readonly #done = new Set<() => void>();
  readonly #most: number;
  #source: FrameSource | undefined;
  #count = 0;
  #bytes = 0;
  #isPaused = false;
  #isHeld = false;

  /** @param onFrame resolves when the frame has been processed; never rejects */
  constructor(onFrame: (frame: Uint8Array) => Promise<End>, most = MOST, mostBytes = MOST_BYTES) {
    this.#onFrame = onFrame;
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** Whether there are more frames in work than at any time with a source that obeys its window. */
  get isOver(): boolean {
    return this.#count > MOST_WITH_WINDOWS || this.#bytes > this.#mostBytes;
  }

  /**
   * Reads from this source from now on. Absent: it is never paused, because it has a window of its own; receipts come by
   * it, too, and frames in work may wait for them.
   */
  attach(source?: FrameSource): void {
    this.#source = source;
    this.#isPaused = false;
    this.#adjust();
  }

  /** Resolves with what became of the frame. */
  take(frame: Uint8Array): Promise<End> {
    const { length } = frame;
    this.#count += 1;
    this.#bytes += length;
    this.#adjust();
    return this.#onFrame(frame).then((end) => {
      this.#count -= 1;
      this.#bytes -= length;
      this.#adjust();
      if (this.#count > 0) return end;
      for (const resolve of this.#done) resolve();
      this.#done.clear();
      return end;
    });
  }

  /** Reads nothing until `resume`, even if nothing is in work. */
  pause(): void {
    this.#isHeld = true;
    this.#adjust();
  }

  resume(): void {
    this.#isHeld = false;
    this.#adjust();
  }

  /** Resolves when no frame is in work. */
  async done(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#done.add(resolve));
  }

  #adjust(): void {
    // Hysteresis between half and full: otherwise reading would start and stop with every frame.
    const share = this.#isPaused ? 1 / 2 : 1;
    const isFull = this.#count >= this.#most * share || this.#bytes >= this.#mostBytes * share;
    const shouldPause = this.#isHeld || isFull;
    if (shouldPause === this.#isPaused) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source?.pause();
    else this.#source?.resume();
  }
}
