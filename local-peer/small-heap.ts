/**
 * V8 sizes its heap by the machine, and lets garbage pile up: 170 to 240 MB after 10,000 round trips. Bounded so, it
 * stays at 120 to 135 MB for a twentieth more of processor time at most, and no message is too large for it.
 */
const FLAGS = [
  // What is new is collected after 8 MB instead of 16 to 32.
  '--max-semi-space-size=8',
  // All is collected when what is kept has grown by half, and once while it starts.
  '--heap-growing-percent=50',
  '--initial-old-space-size=32',
];
/** Whoever sets this, on the command line or by NODE_OPTIONS, gets what they ask for. */
const CHOSEN = '--max-semi-space-size';
/** glibc keeps what is freed for each of Node's threads: 8 MB after the start, which nobody needs again. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

/**
 * Starts this process anew with a small heap: same pid, same arguments, same open stdin; V8 takes its limits at the
 * start alone. Does nothing when it has them, or where Node cannot: before 22.15, and on Windows.
 */
export function startWithSmallHeap({ execPath, execArgv, argv, env, execve, platform }: NodeJS.Process): void {
  const isChosen = [...execArgv, env.NODE_OPTIONS].some((each) => each?.includes(CHOSEN));
  if (isChosen || execve === undefined || platform === 'win32') return;
  execve(execPath, [execPath, ...FLAGS, ...execArgv, ...argv.slice(1)], { ...ONE_ARENA, ...env });
}
