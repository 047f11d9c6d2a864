import type { Count, Job } from '../load/job.ts';
import { startLoad } from '../load/load.ts';
import type { Running } from './contenders.ts';
import { memory, processorTime } from './processes.ts';

/** The measurement of one work on one relay. */
export interface Measure {
  /** Messages (or the row's unit) a second. */
  readonly rate: number;
  /** Latencies, ms. */
  readonly p50?: number;
  readonly p99?: number;
  /** Processor time of the relay's processes for one message, µs. */
  readonly cpu?: number;
  /** Peak memory of the relay's processes, MB. */
  readonly peak?: number;
  /** Figures of this work alone, by name. */
  readonly more?: Readonly<Record<string, number>>;
}

/** Durations, ms. */
export interface Times {
  readonly warm: number;
  readonly run: number;
}

/** Measures a load after its warm-up. */
export async function measureLoad(running: Running, jobs: readonly Job[], { warm, run }: Times): Promise<Measure> {
  const load = await startLoad(jobs);
  await delay(warm);
  const before = await load.count();
  const [began, busy] = [performance.now(), processorTime(running.pids)];
  await delay(run);
  const count = await load.count();
  const [seconds, spent] = [(performance.now() - began) / 1000, processorTime(running.pids) - busy];
  const rest = await load.stop();
  const more = postsOf([before, count, rest]);
  return { ...measureOf(count, seconds), ...costOf(running, spent, count.received), more };
}

/** Returns rate and latencies of the arrivals in this many seconds. */
function measureOf({ received, latencies }: Count, seconds: number): Measure {
  return { rate: received / seconds, ...percentiles(latencies) };
}

/** Returns the processor time of a relay on this machine for this many messages. */
export function costOf({ pids }: Running, spent: number, messages: number): Pick<Measure, 'cpu' | 'peak'> {
  return pids.length === 0 ? {} : { cpu: (spent * 1000) / messages, peak: memory(pids, 'VmHWM') };
}

/** @param sorted ascending */
function percentiles(sorted: Float64Array): Pick<Measure, 'p50' | 'p99'> {
  const at = (part: number) => sorted[Math.floor(sorted.length * part)];
  const [p50, p99] = [at(0.5), at(0.99)];
  return p50 === undefined || p99 === undefined ? {} : { p50, p99 };
}

/** Returns the outcomes of federated envelopes; empty without any. */
function postsOf(counts: readonly Count[]): Record<string, number> {
  const all = (each: (count: Count) => number) => counts.reduce((sum, count) => sum + each(count), 0);
  const [accepted, refused] = [all((count) => count.accepted), all((count) => count.refused)];
  if (accepted + refused === 0) return {};
  return { refused, lost: Math.max(0, accepted - all((count) => count.received)) };
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
