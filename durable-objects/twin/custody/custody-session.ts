import { WINDOW } from '../../../proto/custody/acceptance.ts';
import type { Verdict } from '../../contract.ts';
import type { PageEnd } from '../receive/mailbox-pages.ts';
import type { CustodyNote } from '../sessions/attachment.ts';
import { type Given, InFlight } from './in-flight.ts';
import { Outgoing } from './outgoing.ts';

/** An envelope for a custody session of this object. */
export interface Held extends Given {
  /** Another relay waits for the receipt. */
  readonly isUrgent?: boolean | undefined;
  /** Called once custody has passed on, or cannot. */
  readonly decided?: ((verdict: Verdict) => void) | undefined;
}

/** A connected custody session, in memory: what it has in flight, and what it is sent at the end of this turn. */
export interface CustodySession {
  readonly sid: string | undefined;
  readonly connection: number;
  readonly inFlight: InFlight<Held, PageEnd>;
  readonly outgoing: Outgoing;
  /** The first sequence of its client that memory knows; 0 if it knows none. */
  since: number;
}

/** Returns a session of which memory has nothing. */
export function openSession(sid: string | undefined, { connection }: CustodyNote, epoch: number): CustodySession {
  return { sid, connection, inFlight: new InFlight(WINDOW), outgoing: new Outgoing(epoch), since: 0 };
}

/** Returns a new custody session, as its socket carries it. Its number differs from that of any other. */
export function newCustody(): CustodyNote {
  return { connection: randomU32() };
}

/** Returns a number that nobody guesses. */
export function randomU32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
