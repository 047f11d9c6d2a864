import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 10_000;
/** Characters of output that are kept, to show when a program fails. */
const LAST_LINES = 20;

/** A running program of this repository. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its first line of output, which says that it is ready. */
  readonly ready: string;
  /** Resolves with the end of its output when the program ends without a request to stop. */
  readonly died: Promise<string>;
}

/**
 * Starts a program and waits for its first line of output.
 * @param script path from the repository's root
 * @param startMs limit until its first line, in ms
 * Throws with the end of its output when it stops before it is ready.
 */
export async function start(
  name: string,
  script: string,
  args: readonly string[],
  startMs = START_MS,
): Promise<Running> {
  const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const keep = (line: string) => {
    said.push(line);
    if (said.length > LAST_LINES) said.shift();
  };
  createInterface({ input: child.stderr }).on('line', keep);
  const lines = createInterface({ input: child.stdout }).on('line', keep);
  let stopping = false;
  const ended = once(child, 'exit').then(([code, signal]) => `${name} ended (${signal ?? `code ${code}`})`);
  const died = new Promise<string>((resolve) => {
    void ended.then((how) => {
      if (!stopping) resolve([how, ...said].join('\n  '));
    });
  });
  const late = setTimeout(() => child.kill('SIGKILL'), startMs);
  const ready = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    died.then((how) => Promise.reject(new Error(how))),
  ]).finally(() => clearTimeout(late));
  const stop = async () => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(force);
  };
  return { pid: child.pid ?? 0, ready, died, [Symbol.asyncDispose]: stop };
}
