/** How a command can fail: who is to blame, as far as one can know. */
export type FailureKind =
  | 'identity'
  | 'chain'
  | 'relay'
  | 'unverified'
  | 'answered-error'
  | 'no-answer'
  | 'offline'
  | 'unknown-twin';

/** Exit codes; docs/peer.md tells them. */
export const EXIT = { ok: 0, failed: 1, misused: 2, noAnswer: 3, noDestination: 4, interrupted: 130 } as const;

/** It cannot be done, or was not answered; the message is for people. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.kind = kind;
  }

  get exitCode(): number {
    switch (this.kind) {
      case 'no-answer':
        return EXIT.noAnswer;
      case 'offline':
      case 'unknown-twin':
        return EXIT.noDestination;
      case 'identity':
      case 'chain':
      case 'relay':
      case 'unverified':
      case 'answered-error':
        return EXIT.failed;
    }
  }
}
