import { childrenNamed, memory, processorTime } from './processes.ts';

/** Users of the processors: the measured peers, the relay, the two Redis, and the load. */
export interface Shares {
  readonly peers: number;
  readonly relay: number;
  readonly redis: number;
  readonly load: number;
}

/** Returns the processor time so far of each part, ms. */
export function sharesOf(peers: readonly number[]): Shares {
  return {
    peers: processorTime(peers),
    relay: processorTime(childrenNamed('workerd')),
    redis: processorTime(childrenNamed('redis-server')),
    load: processorTime([process.pid]),
  };
}

/** Returns the peak memory of the largest one, MB. */
export function peakMemory(pids: readonly number[]): number {
  return Math.max(...pids.map((pid) => memory([pid], 'VmHWM')));
}
