import type { Pace } from './back-pressure.ts';
import type { Judgement, Ledger } from './ledger.ts';

/** The socket of a session, for this turn of the event loop. */
export interface Outlet {
  /** Judges whether its client may be given so many bytes. */
  judge(bytes: number, pace: Pace): Judgement;
  /** Sends bytes. Returns false if the socket broke. */
  send(bytes: Uint8Array): boolean;
  /** Notes that nothing is held back for it any more. */
  release(): void;
  /** Closes it, because its client does not read. */
  evict(): void;
}

/** The port of outlets to their object. */
export interface OutletsPort<S extends object> {
  readonly sessions: {
    has(sid: string | undefined): boolean;
    sender(sid: string | undefined): { readonly socket: S; send(bytes: Uint8Array): boolean } | undefined;
  };
  readonly ledger: Pick<Ledger<S>, 'account' | 'release'>;
  /** Counts a message of so many bytes to a session. */
  readonly reporter: { transmitted(bytes: number): void };
  /** Closes the socket of a client that does not read. */
  evict(socket: S): void;
}

/** The sockets of a twin's sessions: everything that a session gets is counted here. */
export class Outlets<S extends object> {
  readonly #port: OutletsPort<S>;

  constructor(port: OutletsPort<S>) {
    this.#port = port;
  }

  /** Returns whether a session is connected. */
  has(sid: string | undefined): boolean {
    return this.#port.sessions.has(sid);
  }

  /** Sends bytes to a session, whether or not its client reads. Returns false if it is not connected. */
  send(sid: string | undefined, bytes: Uint8Array): boolean {
    return this.of(sid)?.send(bytes) ?? false;
  }

  /** Returns the socket of a session, for this turn of the event loop; undefined if it is not connected. */
  of(sid: string | undefined): Outlet | undefined {
    const { sessions, ledger, reporter } = this.#port;
    const open = sessions.sender(sid);
    if (open === undefined) return undefined;
    const { socket, send } = open;
    const { judge, handed } = ledger.account(socket);
    return {
      judge,
      send: (bytes) => {
        if (!send(bytes)) return false;
        handed(bytes.length);
        reporter.transmitted(bytes.length);
        return true;
      },
      release: () => ledger.release(socket),
      evict: () => this.#port.evict(socket),
    };
  }
}
