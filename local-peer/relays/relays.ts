import type { Uplink } from '../ports.ts';

/** A relay as sending sees it. */
export interface Relay {
  readonly isOpen: boolean;
  send(frame: Uint8Array): Promise<boolean>;
}

/** Up to four relays: the one that worked last goes first; with none connected a message waits until its time is over. */
export class Relays implements Uplink {
  #relays: readonly Relay[];
  readonly #waiting = new Set<(isConnected: boolean) => void>();
  #isClosed = false;

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
    for (const end of [...this.#waiting]) end(true);
  }

  /** Nothing more will be sent: what waits has failed. */
  close(): void {
    this.#isClosed = true;
    for (const end of [...this.#waiting]) end(false);
  }

  /** Resolves true at the next connection, false when the deadline comes first. */
  async #connected(deadline: number): Promise<boolean> {
    const left = deadline - Date.now();
    if (left <= 0 || this.#isClosed) return false;
    return new Promise((resolve) => {
      const end = (isConnected: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve(isConnected);
      };
      const timer = setTimeout(() => end(false), left);
      this.#waiting.add(end);
    });
  }
}
