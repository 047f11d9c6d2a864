import type { Host } from './host.ts';

/** Returns the host of a Durable Object. */
export function hostOf(state: Pick<DurableObjectState, 'waitUntil'>): Host {
  return {
    now: () => Date.now(),
    wait: (ms, signal) => scheduler.wait(ms, signal && { signal }),
    background: (work) => state.waitUntil(work),
  };
}
