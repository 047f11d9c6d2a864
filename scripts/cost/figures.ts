import type { Units } from './prices.ts';

/** What a message uses; test/cost.test.ts counts all of `each` on workerd, and fails when it is more. */
export interface Figures {
  /** As docs/cost.md names it. */
  readonly title: string;
  /** At most. */
  readonly each: Pick<Units, 'requests' | 'objectRequests' | 'rowsWritten' | 'rowsRead'> & {
    /** Calls of the resolver, of which each may read KV: taken as one read. */
    readonly lookups: number;
  };
  /** Measured, not asserted: how long objects are busy with it, on a machine where nothing is far away (ms). */
  readonly busyMs: number;
  /** How often an object waits for another one far away, and for another relay. */
  readonly calls: number;
  readonly posts: number;
  /** CPU of the Worker, measured, not asserted (ms). */
  readonly cpuMs: number;
}

const plain = { calls: 0, posts: 0, cpuMs: 0 };

export const MESSAGES = {
  online: {
    ...plain,
    title: 'online, 32 at once',
    each: { requests: 0, objectRequests: 0.15, rowsWritten: 0.005, rowsRead: 0.01, lookups: 0.01 },
    busyMs: 0.13,
    calls: 0.1,
  },
  onlineSingly: {
    ...plain,
    title: 'online, one by one',
    each: { requests: 0, objectRequests: 1.08, rowsWritten: 0.02, rowsRead: 0.05, lookups: 0.05 },
    busyMs: 12.5,
    calls: 1,
  },
  stored: {
    ...plain,
    title: 'stored, 32 at once',
    each: { requests: 0.002, objectRequests: 0.16, rowsWritten: 0.12, rowsRead: 0.05, lookups: 0.005 },
    busyMs: 4.2,
    calls: 0.1,
  },
  storedSingly: {
    ...plain,
    title: 'stored, one by one',
    each: { requests: 0.03, objectRequests: 1.2, rowsWritten: 1.25, rowsRead: 0.1, lookups: 0.06 },
    busyMs: 92,
    calls: 1,
  },
  federated: {
    ...plain,
    title: 'federated, 32 at once',
    each: { requests: 1, objectRequests: 1.1, rowsWritten: 0.3, rowsRead: 0.2, lookups: 0.02 },
    busyMs: 4.3,
    calls: 1,
    posts: 0.5,
    cpuMs: 0.25,
  },
  federatedSingly: {
    ...plain,
    title: 'federated, one by one',
    each: { requests: 1, objectRequests: 1.2, rowsWritten: 2.3, rowsRead: 1.2, lookups: 0.1 },
    busyMs: 18,
    calls: 1,
    posts: 1,
    cpuMs: 0.25,
  },
  federatedAlone: {
    ...plain,
    title: 'federated, the only one in a while',
    each: { requests: 1, objectRequests: 3.05, rowsWritten: 5, rowsRead: 2, lookups: 3 },
    busyMs: 15,
    calls: 2,
    posts: 1,
    cpuMs: 0.25,
  },
} satisfies Record<string, Figures>;

export const IDLE = {
  pingEnvelope: {
    ...plain,
    title: 'a ping envelope that wakes an object',
    each: { requests: 0, objectRequests: 0.05, rowsWritten: 0, rowsRead: 6, lookups: 0 },
    busyMs: 1,
  },
  reconnection: {
    ...plain,
    title: 'a connection that was closed, and the next one',
    each: { requests: 1, objectRequests: 3.2, rowsWritten: 3.2, rowsRead: 1, lookups: 1 },
    busyMs: 10,
    cpuMs: 1.2,
  },
  replacement: {
    ...plain,
    title: 'a connection in place of one that was not closed',
    each: { requests: 1, objectRequests: 1, rowsWritten: 0, rowsRead: 0, lookups: 1 },
    busyMs: 1,
    cpuMs: 1.2,
  },
} satisfies Record<string, Figures>;

/** What following the chain uses in a month: counted by watcher.test.ts and chain-events.test.ts. */
export const WATCHER: Units = {
  requests: 43_200,
  objectRequests: 475_200,
  rowsWritten: 475_200,
  rowsRead: 0,
  kvReads: 0,
  cpuMs: 864_000,
  gbSeconds: 16_589,
};
