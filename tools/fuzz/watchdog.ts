import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** An input that takes this much processor time counts as endless (ms). */
const ENDLESS_MS = 20_000;
const LOOK_MS = 1_000;

/** The watched thread's current case. */
export interface Watchdog {
  begin(number: number): void;
  end(): Promise<number>;
}

/**
 * Watches for an input that never ends. A thread that hangs cannot report itself: another thread names the case, and
 * ends the process.
 */
export function watchdog(target: string, seed: number): Watchdog {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { shared, target, seed } });
  worker.unref();
  return { begin: (number) => void Atomics.store(shared, 0, number), end: () => worker.terminate() };
}

function watch({ shared, target, seed }: { shared: Int32Array; target: string; seed: number }): void {
  let last = -1;
  let since = process.cpuUsage();
  setInterval(() => {
    const number = Atomics.load(shared, 0);
    if (number !== last) {
      last = number;
      since = process.cpuUsage();
    } else if (process.cpuUsage(since).user / 1000 > ENDLESS_MS) {
      writeSync(
        2,
        `${target}: case ${number} never ends\n  replay: npm run fuzz -- --target ${target} --seed ${seed} --case ${number}\n`,
      );
      process.kill(process.pid, 'SIGKILL');
    }
  }, LOOK_MS);
}

if (!isMainThread) watch(workerData);
