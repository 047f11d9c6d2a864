import { EXIT } from '../failure.ts';

/** Exit codes of programs that a signal ended: 128 and the signal's number. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

let last: () => void = () => undefined;

/** Lets Ctrl-C, SIGTERM and a closed terminal (SIGHUP) end the program at once. */
export function endOnSignals(): void {
  const end = (code: number) => () => {
    last();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end(CODES[signal]));
}

/** Sets the last output of an interrupted program. */
export function beforeInterrupt(say: () => void): void {
  last = say;
}
