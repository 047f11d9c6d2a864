import type { Host } from '../../host.ts';

/** Looks at times whether custody sessions are still there. It keeps the object awake, so it stops as soon as it may. */
export class Watch {
  readonly #host: Host;
  readonly #look: () => number | undefined;
  #running: AbortController | undefined;

  /** @param look returns when to look again (Unix ms); undefined when nothing is in flight */
  constructor(host: Host, look: () => number | undefined) {
    this.#host = host;
    this.#look = look;
  }

  /** Starts the watch unless it runs. */
  start(): void {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    this.#host.background(this.#run(running));
  }

  /** Stops the watch. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #run(running: AbortController): Promise<void> {
    try {
      for (let next = this.#look(); next !== undefined; next = this.#look()) {
        await this.#host.wait(Math.max(0, next - this.#host.now()), running.signal);
        if (this.#running !== running) return;
      }
      if (this.#running === running) this.#running = undefined;
    } catch {
      // Stopped: nothing is in flight.
    }
  }
}
