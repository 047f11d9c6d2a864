/** Frames in work at once: beyond it the relay waits, not our memory. */
const MOST = 256;
/** And so many of their bytes, give or take a frame. */
const MOST_BYTES = 64 * 2 ** 20;

/** Where frames come from. */
export interface FrameSource {
  pause(): void;
  resume(): void;
}

/** The frames of one relay that are being dealt with; when they are many, no more are read. */
export class FramesInWork {
  readonly #onFrame: (frame: Uint8Array) => Promise<void>;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #done = new Set<() => void>();
  #source: FrameSource | undefined;
  #count = 0;
  #bytes = 0;
  #isPaused = false;
  #isHeld = false;

  /** @param onFrame resolves when the frame has been dealt with; never rejects */
  constructor(onFrame: (frame: Uint8Array) => Promise<void>, most = MOST, mostBytes = MOST_BYTES) {
    this.#onFrame = onFrame;
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** From now on frames come from here. */
  attach(source: FrameSource): void {
    this.#source = source;
    this.#isPaused = false;
    this.#adjust();
  }

  take(frame: Uint8Array): void {
    const { length } = frame;
    this.#count += 1;
    this.#bytes += length;
    this.#adjust();
    void this.#onFrame(frame).then(() => {
      this.#count -= 1;
      this.#bytes -= length;
      this.#adjust();
      if (this.#count > 0) return;
      for (const resolve of this.#done) resolve();
      this.#done.clear();
    });
  }

  /** Reads nothing until `resume`, however little there is to do. */
  pause(): void {
    this.#isHeld = true;
    this.#adjust();
  }

  resume(): void {
    this.#isHeld = false;
    this.#adjust();
  }

  /** Resolves when nothing is in work. */
  async done(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => this.#done.add(resolve));
  }

  #adjust(): void {
    // Between half and all it stays as it is: reading should not flutter.
    const share = this.#isPaused ? 1 / 2 : 1;
    const isFull = this.#count >= this.#most * share || this.#bytes >= this.#mostBytes * share;
    const shouldPause = this.#isHeld || isFull;
    if (shouldPause === this.#isPaused) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source?.pause();
    else this.#source?.resume();
  }
}
