import { type PeerFault, tooLarge } from '../faults.ts';
import type { Sent, Uplink } from '../ports.ts';
import type { SizeLimit } from './large-frames.ts';

/** A relay as sending sees it. */
export interface Relay {
  readonly isOpen: boolean;
  /** It has not taken yet what it was given before. */
  readonly isSlow: boolean;
  /** What it takes, as far as it has refused something; undefined before. */
  readonly limit: SizeLimit | undefined;
  send(frame: Uint8Array): Promise<boolean>;
}

/** Up to four relays: the one that worked last goes first; with none connected a message waits until its time is over. */
export class Relays implements Uplink {
  #relays: readonly Relay[];
  readonly #waiting = new Set<(outcome: 'connected' | 'closed' | 'late') => void>();
  #isClosed = false;
  /** How often a relay has connected. */
  #connections = 0;

  constructor(relays: readonly Relay[]) {
    this.#relays = relays;
  }

  /** @param deadline Unix ms */
  async send(frame: Uint8Array, deadline: number): Promise<Sent | PeerFault> {
    for (;;) {
      // In each round: the relay may have closed its connection for the size of another frame meanwhile.
      if (!this.#relays.some((relay) => takes(relay, frame))) return this.#tooLarge(frame.length);
      const before = this.#connections;
      for (const relay of this.#inOrder()) {
        if (!relay.isOpen || !takes(relay, frame) || !(await relay.send(frame))) continue;
        if (relay !== this.#relays[0]) this.#relays = [relay, ...this.#relays.filter((each) => each !== relay)];
        return 'sent';
      }
      // One that connected while another was failing wakes nobody any more.
      if (this.#connections !== before && !this.#isClosed && Date.now() < deadline) continue;
      const outcome = await this.#connected(deadline);
      if (outcome !== 'connected') return outcome;
    }
  }

  /** A relay has connected: what waits goes on. */
  wake(): void {
    this.#connections += 1;
    for (const end of [...this.#waiting]) end('connected');
  }

  /** Nothing that waits will be sent. */
  close(): void {
    this.#isClosed = true;
    for (const end of [...this.#waiting]) end('closed');
  }

  #tooLarge(size: number): PeerFault {
    const limits = this.#relays.flatMap(({ limit }) => limit ?? []);
    const most = limits.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    return tooLarge(size, most.isNamed ? most.bytes : undefined);
  }

  /** One that is stuck must not hold up what another would take. */
  #inOrder(): readonly Relay[] {
    if (this.#relays.every(({ isSlow }) => !isSlow)) return this.#relays;
    return [...this.#relays.filter(({ isSlow }) => !isSlow), ...this.#relays.filter(({ isSlow }) => isSlow)];
  }

  /** Resolves at the next connection, or when there is none in time. */
  async #connected(deadline: number): Promise<'connected' | 'closed' | 'late'> {
    if (this.#isClosed) return 'closed';
    const left = deadline - Date.now();
    if (left <= 0) return 'late';
    return new Promise((resolve) => {
      const end = (outcome: 'connected' | 'closed' | 'late') => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve(outcome);
      };
      const timer = setTimeout(() => end('late'), left);
      this.#waiting.add(end);
    });
  }
}

function takes({ limit }: Relay, frame: Uint8Array): boolean {
  return limit === undefined || frame.length <= limit.bytes;
}
