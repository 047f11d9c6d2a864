import { EXIT } from './failure.ts';

/** As shells count a program that SIGTERM ended. */
const TERMINATED = 143;
/** The same for SIGHUP, which comes when the terminal is closed. */
const HUNG_UP = 129;

let last: () => void = () => undefined;

/** From now on Ctrl-C, SIGTERM and SIGHUP end the program at once, whatever it waits for. */
export function endOnSignals(): void {
  const end = (code: number) => () => {
    last();
    process.exit(code);
  };
  process.on('SIGINT', end(EXIT.interrupted));
  process.on('SIGTERM', end(TERMINATED));
  // Without a listener Node ends at once, and nothing is done on exit.
  process.on('SIGHUP', end(HUNG_UP));
}

/** What is still to be said when it is interrupted. */
export function beforeInterrupt(say: () => void): void {
  last = say;
}

/** Who reads our output has gone (`| head -1`): there is nobody to write for, and nothing wrong. */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
  }
}
