import { EXIT } from './failure.ts';

/** The exit codes by which shells know a program that a signal ended: 128 and the signal's number. */
const CODES = { SIGINT: EXIT.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;

let last: () => void = () => undefined;

/** From now on Ctrl-C, SIGTERM and a closed terminal (SIGHUP) end the program at once, whatever it waits for. */
export function endOnSignals(): void {
  const end = (code: number) => () => {
    last();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end(CODES[signal]));
}

/** What is still to be said when it is interrupted. */
export function beforeInterrupt(say: () => void): void {
  last = say;
}
