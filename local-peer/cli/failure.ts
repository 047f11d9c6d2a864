import { RmbError, type RmbErrorCode } from '../../client/errors.ts';

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

/** Codes of errors that do not end with `EXIT.failed`. */
const EXITS: Partial<Record<RmbErrorCode, number>> = {
  'no-answer': EXIT.noAnswer,
  offline: EXIT.noDestination,
  'unknown-twin': EXIT.noDestination,
  'broken-key': EXIT.noDestination,
};

/** Returns the exit code for an error. */
export function exitCodeOf(error: unknown): number {
  return (error instanceof RmbError ? EXITS[error.code] : undefined) ?? EXIT.failed;
}

/** Returns the kind of an error, as `--json` prints it; docs/peer.md lists them. */
export function kindOf(error: unknown): string {
  if (!(error instanceof RmbError)) return 'failed';
  return error.code === 'too-large' ? 'relay' : error.code;
}
