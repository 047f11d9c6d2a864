import { childrenNamed, memory, processorTime } from './processes.ts';

/** Who took the processors: the peers under measurement, the relay, the two Redis, and who makes the load. */
export interface Shares {
  readonly peers: number;
  readonly relay: number;
  readonly redis: number;
  readonly load: number;
}

/** Processor time so far of this process and of those that it started, ms. */
export function sharesOf(peers: readonly number[]): Shares {
  return {
    peers: processorTime(peers),
    relay: processorTime(childrenNamed('workerd')),
    redis: processorTime(childrenNamed('redis-server')),
    load: processorTime([process.pid]),
  };
}

/** The most memory that one of them has had, MB. */
export function peakMemory(pids: readonly number[]): number {
  return Math.max(...pids.map((pid) => memory([pid], 'VmHWM')));
}
