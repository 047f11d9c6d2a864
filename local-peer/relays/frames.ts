/** Frames in work at once: beyond it the relay waits, not our memory. */
const MOST = 256;

/** Where frames come from. */
export interface FrameSource {
  pause(): void;
  resume(): void;
}

/** The frames of one relay that are being dealt with; when they are many, no more are read. */
export class FramesInWork {
  readonly #onFrame: (frame: Uint8Array) => Promise<void>;
  readonly #most: number;
  readonly #done = new Set<() => void>();
  #source: FrameSource | undefined;
  #count = 0;
  #isPaused = false;
  #isHeld = false;

  /** @param onFrame resolves when the frame has been dealt with; never rejects */
  constructor(onFrame: (frame: Uint8Array) => Promise<void>, most = MOST) {
    this.#onFrame = onFrame;
    this.#most = most;
  }

  /** From now on frames come from here. */
  attach(source: FrameSource): void {
    this.#source = source;
    this.#isPaused = false;
    this.#adjust();
  }

  take(frame: Uint8Array): void {
    this.#count += 1;
    this.#adjust();
    void this.#onFrame(frame).then(() => {
      this.#count -= 1;
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
    const limit = this.#isPaused ? this.#most / 2 : this.#most;
    const shouldPause = this.#isHeld || this.#count >= limit;
    if (shouldPause === this.#isPaused) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#source?.pause();
    else this.#source?.resume();
  }
}
