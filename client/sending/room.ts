/** Why a sender did not get room. */
type NoRoom = 'late' | 'closed';

/** A sender that waits for room. */
interface Waiter {
  readonly bytes: number;
  end(how: 'entered' | NoRoom): void;
}

/** Senders that wait until there is room for their envelopes, in the order in which they came. */
export class Room {
  readonly #hasRoom: (bytes: number) => boolean;
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  /** @param hasRoom whether there is room for so many bytes */
  constructor(hasRoom: (bytes: number) => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Whether senders wait. */
  get isAwaited(): boolean {
    return this.#waiters.size > 0;
  }

  /**
   * Enters when there is room.
   * @param deadline ms, by `performance.now`
   * @param enter uses the room, at once
   */
  async enter(bytes: number, deadline: number, enter: () => void): Promise<'entered' | NoRoom> {
    if (this.#isClosed) return 'closed';
    if (this.#waiters.size === 0 && this.#hasRoom(bytes)) {
      enter();
      return 'entered';
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        bytes,
        end: (how) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          if (how === 'entered') enter();
          resolve(how);
        },
      };
      const late = () => {
        waiter.end('late');
        // A smaller one behind it may have room.
        this.look();
      };
      const timer = setTimeout(late, Math.max(0, deadline - performance.now()));
      this.#waiters.add(waiter);
    });
  }

  /** There may be room now. */
  look(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom(waiter.bytes)) return;
      waiter.end('entered');
    }
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.end('closed');
  }
}
