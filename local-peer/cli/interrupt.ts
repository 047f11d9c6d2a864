import { EXIT } from './failure.ts';

/** As shells count a program that SIGTERM ended. */
const TERMINATED = 143;

let last: () => void = () => undefined;

/** From now on Ctrl-C and SIGTERM end the program at once, whatever it waits for. */
export function endOnSignals(): void {
  const end = (code: number) => () => {
    last();
    process.exit(code);
  };
  process.on('SIGINT', end(EXIT.interrupted));
  process.on('SIGTERM', end(TERMINATED));
}

/** What is still to be said when it is interrupted. */
export function beforeInterrupt(say: () => void): void {
  last = say;
}
