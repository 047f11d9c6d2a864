import type { Units } from './prices.ts';

/** The units of a message. test/product/cost.test.ts counts all of `each` on workerd, and fails when it is more. */
export interface Figures {
  /** Its name in docs/cost.md. */
  readonly title: string;
  /** Upper bounds. */
  readonly each: Pick<Units, 'requests' | 'objectRequests' | 'rowsWritten' | 'rowsRead' | 'logLines'> & {
    /** Calls of the resolver; each counts as one read of KV. */
    readonly lookups: number;
  };
  /** Time in which objects are busy, on one machine (ms); measured, not asserted. */
  readonly busyMs: number;
  /** Waits of an object for a distant object, and for another relay. */
  readonly calls: number;
  readonly posts: number;
  /** CPU of the Worker (ms); measured, not asserted. */
  readonly cpuMs: number;
}

const plain = { calls: 0, posts: 0, cpuMs: 0 };

export const MESSAGES = {
  online: {
    ...plain,
    title: 'online, 32 at once',
    each: { requests: 0, objectRequests: 0.15, rowsWritten: 0.005, rowsRead: 0.01, lookups: 0.01, logLines: 0 },
    busyMs: 0.13,
    calls: 0.1,
  },
  onlineSingly: {
    ...plain,
    title: 'online, one by one',
    each: { requests: 0, objectRequests: 1.08, rowsWritten: 0.02, rowsRead: 0.05, lookups: 0.05, logLines: 0 },
    busyMs: 12.5,
    calls: 1,
  },
  onlineCustody: {
    ...plain,
    title: 'online with custody, 32 at once',
    each: { requests: 0, objectRequests: 0.04, rowsWritten: 0.005, rowsRead: 0.01, lookups: 0.01, logLines: 0 },
    busyMs: 0.05,
    calls: 0.03,
  },
  onlineCustodySingly: {
    ...plain,
    title: 'online with custody, one by one',
    each: { requests: 0, objectRequests: 1.08, rowsWritten: 0.02, rowsRead: 0.05, lookups: 0.05, logLines: 0 },
    busyMs: 12.5,
    calls: 1,
  },
  stored: {
    ...plain,
    title: 'stored, 32 at once',
    each: { requests: 0.002, objectRequests: 0.16, rowsWritten: 0.12, rowsRead: 0.05, lookups: 0.005, logLines: 0 },
    busyMs: 4.2,
    calls: 0.1,
  },
  storedSingly: {
    ...plain,
    title: 'stored, one by one',
    each: { requests: 0.03, objectRequests: 1.2, rowsWritten: 1.25, rowsRead: 0.1, lookups: 0.06, logLines: 0 },
    busyMs: 92,
    calls: 1,
  },
  federated: {
    ...plain,
    title: 'federated, 32 at once',
    each: { requests: 0.07, objectRequests: 0.13, rowsWritten: 0.1, rowsRead: 0.2, lookups: 0.01, logLines: 0 },
    busyMs: 2.7,
    calls: 0.07,
    posts: 0.07,
    cpuMs: 0.25,
  },
  federatedSingly: {
    ...plain,
    title: 'federated, one by one',
    each: { requests: 1, objectRequests: 1.2, rowsWritten: 2.3, rowsRead: 1.2, lookups: 0.1, logLines: 0 },
    busyMs: 18,
    calls: 1,
    posts: 1,
    cpuMs: 0.25,
  },
  federatedAlone: {
    ...plain,
    title: 'federated, the only one in a while',
    each: { requests: 1, objectRequests: 3.05, rowsWritten: 5, rowsRead: 2, lookups: 3, logLines: 0 },
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
    each: { requests: 0, objectRequests: 0.05, rowsWritten: 0, rowsRead: 6, lookups: 0, logLines: 0 },
    busyMs: 1,
  },
  reconnection: {
    ...plain,
    title: 'a connection that was closed, and the next one',
    each: { requests: 1, objectRequests: 3.2, rowsWritten: 3.2, rowsRead: 1, lookups: 1, logLines: 0 },
    busyMs: 10,
    cpuMs: 1.2,
  },
  replacement: {
    ...plain,
    title: 'a connection in place of one that was not closed',
    each: { requests: 1, objectRequests: 1, rowsWritten: 0, rowsRead: 0, lookups: 1, logLines: 0 },
    busyMs: 1,
    cpuMs: 1.2,
  },
} satisfies Record<string, Figures>;

/** The units of following the chain for a month, counted by watcher.test.ts and chain-events.test.ts. */
export const WATCHER: Units = {
  requests: 43_200,
  objectRequests: 475_200,
  rowsWritten: 475_200,
  rowsRead: 0,
  kvReads: 0,
  cpuMs: 864_000,
  gbSeconds: 16_589,
  logLines: 0,
};
