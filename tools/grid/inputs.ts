/** What the model takes from outside the product. Each value has its source; `assumed` ones have no better source than us. */

/** Continents. The platform has a location hint for each. */
export const REGIONS = ['Europe', 'North America', 'Asia', 'Africa', 'South America'] as const;
export type Region = (typeof REGIONS)[number];

export const INPUTS = {
  /** When the inputs were gathered. */
  asOf: 'November 2026',

  /** Cloudflare's documentation: Durable Objects limits, rules of Durable Objects, troubleshooting (2026). */
  platform: {
    /** Requests an object handles in a second: documented as 500 to 1,000; the tests of this project reject beyond 700. */
    ceiling: 700,
    ceilingFrom: 500,
    ceilingTo: 1_000,
    /** A call that would wait longer is rejected as overloaded, ms: the errors speak of a window of 10 s. */
    queueMs: 10_000,
    /** An idle object hibernates after this, ms. */
    hibernateMs: 10_000,
    /** A deferred deploy lets an active object keep its code and sockets for so long, ms. */
    deployMs: 300_000,
    /** Memory of an isolate, bytes; several objects may share it. */
    isolateBytes: 128 * 2 ** 20,
    /** Subrequests of one event, paid plan. */
    subrequests: 10_000,
    /** KV: a value is served from a location's cache for so long, ms. */
    kvCacheMs: 60_000,
    /** KV: writes to one key are refused within this, ms. */
    kvWriteMs: 1_000,
    /** US dollars for a million writes to KV (Workers KV pricing); allowance a month. */
    kvWrites: { million: 5, included: 1e6 },
  },

  /** Read times of KV, ms. Cloudflare's blog (2025) has less than 5 ms at p99 for frequent keys; the rest is assumed. */
  kv: { hot: { p50: 2, p99: 5 }, cold: { p50: 60, p99: 300 } },

  /** Assumed. */
  network: {
    /** From a client to the nearest location, one way, ms. */
    clientMs: 10,
    /** TCP and TLS before an upgrade, in ways. */
    handshakeWays: 4,
    /** Between two objects or a Worker and an object of one region, one way, ms: half of docs/cost.md's near call. */
    nearMs: 1.5,
    /** Between continents, one way, ms, in the order of REGIONS. */
    farMs: [
      [1.5, 50, 80, 70, 95],
      [50, 1.5, 80, 110, 65],
      [80, 80, 1.5, 120, 150],
      [70, 110, 120, 1.5, 160],
      [95, 65, 150, 160, 1.5],
    ],
    /** A dial of the chain with its queries, ms. */
    chainMs: 300,
  },

  /** Assumed. The platform says neither how many isolates a Worker has in a region, nor when it starts more. */
  isolates: 8,

  /** ThreeFold's main network, rounded; shares of the continents are assumed. */
  fleet: {
    nodes: 4_000,
    pollers: 20,
    /** Share of the nodes, in the order of REGIONS. */
    nodeShare: [0.5, 0.22, 0.13, 0.1, 0.05],
    /** Share of the pollers. */
    pollerShare: [0.8, 0.1, 0.1, 0, 0],
    commands: 5,
    everyMs: 300_000,
    /** A request's life, ms. */
    lifeMs: 60_000,
    /** A node's time for a command: mean of an exponential distribution, ms. */
    serviceMs: 20,
    /** Bytes of a message: the size of docs/performance.md. */
    bytes: 256,
  },

  /** docs/performance.md: signed round trips a second of two peers with 64 programs; a burst goes at this rate. */
  burstASecond: 3_340,
  /** docs/performance.md: memory of a silent session on workerd, bytes. */
  sessionBytes: 173_000,
} as const;
