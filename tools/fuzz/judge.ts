import type { Target } from './target.ts';

/** Maximum processor time of one input (ms). */
const HANG_MS = 50;
/** Runs of a slow input alone; the fastest counts, because a busy machine slows single runs. */
const CONFIRMING_RUNS = 3;

/** A fault of a reader. */
export interface Fault {
  readonly kind: 'exception' | 'hang';
  readonly detail: string;
}

/** Runs one input. Returns undefined when the reader keeps its promises. */
export async function judge(target: Target, input: Uint8Array): Promise<Fault | undefined> {
  const began = performance.now();
  try {
    const running = target.run(input);
    if (running !== undefined) await running;
  } catch (error) {
    return { kind: 'exception', detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  // The wall clock is cheap; only suspects are measured in processor time.
  return performance.now() - began > HANG_MS ? await hang(target, input) : undefined;
}

/** Measures the processor time of one input alone. */
async function hang(target: Target, input: Uint8Array): Promise<Fault | undefined> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < CONFIRMING_RUNS; run += 1) {
    const before = process.cpuUsage();
    await target.run(input);
    fastest = Math.min(fastest, process.cpuUsage(before).user / 1000);
  }
  return fastest > HANG_MS ? { kind: 'hang', detail: `${Math.round(fastest)} ms of processor time` } : undefined;
}
