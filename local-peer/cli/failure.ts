import { faultError, type PeerFault } from '../faults.ts';
import { plain } from '../plain.ts';

/** How a command can fail: who is to blame, as far as one can know. */
export type FailureKind =
  | 'identity'
  | 'chain'
  | 'relay'
  | 'unverified'
  | 'answered-error'
  | 'no-answer'
  | 'offline'
  | 'unknown-twin'
  | 'broken-key'
  | 'unsendable';

/** Exit codes, documented in docs/peer.md. The last two are those of a shell for SIGINT and SIGPIPE. */
export const EXIT = {
  ok: 0,
  failed: 1,
  misused: 2,
  noAnswer: 3,
  noDestination: 4,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** It cannot be done, or was not answered; the message is for people. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly kind: FailureKind;
  /** Why our own peer sent nothing. */
  readonly fault: PeerFault | undefined;

  constructor(kind: FailureKind, message: string, fault?: PeerFault) {
    // The words of whoever answered may be in it.
    super(plain(message));
    this.kind = kind;
    this.fault = fault;
  }

  get exitCode(): number {
    return CODES[this.kind];
  }
}

/** A message is larger than the relay takes. */
export class TooLarge extends CommandFailure {
  constructor(fault: PeerFault) {
    super('relay', faultError(fault).message, fault);
  }
}

const CODES: Record<FailureKind, number> = {
  identity: EXIT.failed,
  chain: EXIT.failed,
  relay: EXIT.failed,
  unverified: EXIT.failed,
  'answered-error': EXIT.failed,
  'no-answer': EXIT.noAnswer,
  offline: EXIT.noDestination,
  'unknown-twin': EXIT.noDestination,
  'broken-key': EXIT.noDestination,
  unsendable: EXIT.failed,
};
