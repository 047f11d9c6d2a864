import type { Uplink } from '../ports.ts';

/** A relay as sending sees it. */
export interface Relay {
  readonly isOpen: boolean;
  send(frame: Uint8Array): Promise<boolean>;
}

/** Up to four relays: the one that worked last goes first; with none connected a message waits until its time is over. */
export class Relays implements Uplink {
  #relays: readonly Relay[];
  readonly #waiting = new Set<() => void>();

  constructor(relays: readonly Relay[]) {
    this.#relays = relays;
  }

  /** @param deadline Unix ms */
  async send(frame: Uint8Array, deadline: number): Promise<boolean> {
    for (;;) {
      for (const relay of this.#relays) {
        if (!relay.isOpen || !(await relay.send(frame))) continue;
        if (relay !== this.#relays[0]) this.#relays = [relay, ...this.#relays.filter((each) => each !== relay)];
        return true;
      }
      if (!(await this.#connected(deadline))) return false;
    }
  }

  /** A relay has connected: what waits goes on. */
  wake(): void {
    for (const resume of [...this.#waiting]) resume();
  }

  /** Nothing more will be sent: what waits has failed. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves true at the next connection, false when the deadline comes first. */
  async #connected(deadline: number): Promise<boolean> {
    const left = deadline - Date.now();
    if (left <= 0) return false;
    return new Promise((resolve) => {
      const end = (isConnected: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(resume);
        resolve(isConnected);
      };
      const resume = () => end(true);
      const timer = setTimeout(() => end(false), left);
      this.#waiting.add(resume);
    });
  }
}
