import { EXIT } from './failure.ts';

const NAMES = ['stdout', 'stderr'] as const;
type StreamName = (typeof NAMES)[number];

/** Lets the process end when its output cannot be written: the reader left, or the disk is full. */
export function endOnLostOutput(): void {
  for (const name of NAMES) process[name].on('error', (error) => endWithLoss(name, error));
}

/** Ends the process after stdout and stderr have taken all bytes. Otherwise a pipe loses everything beyond 64 KiB. */
export async function leave(code: number): Promise<never> {
  await Promise.all(NAMES.map(flushed));
  process.exit(code);
}

/** Resolves when the stream has taken all bytes. */
function flushed(name: StreamName): Promise<void> {
  return new Promise((resolve) => {
    process[name].write('', (error) => (error ? endWithLoss(name, error) : resolve()));
  });
}

function endWithLoss(name: StreamName, error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
  const why = error.code === 'ENOSPC' ? 'the disk is full (ENOSPC)' : error.code;
  if (name === 'stdout') process.stderr.write(`rmb-peer: the output cannot be written: ${why}\n`);
  process.exit(EXIT.failed);
}
