import { EXIT } from '../failure.ts';

/** Exit codes of programs that a signal ended: 128 and the signal's number. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

let last: () => void | Promise<void> = () => undefined;

/** Lets Ctrl-C, SIGTERM and a closed terminal (SIGHUP) end the program, at once or after its last act. */
export function endOnSignals(): void {
  const end = (code: number) => () => {
    const ending = last();
    // A second signal does not wait.
    last = () => undefined;
    if (ending === undefined) process.exit(code);
    void ending.finally(() => process.exit(code));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end(CODES[signal]));
}

/** Sets the last act of an interrupted program. */
export function beforeInterrupt(say: () => void | Promise<void>): void {
  last = say;
}
