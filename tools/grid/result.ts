import { z } from 'zod';

const ms = z.number();
const quantiles = z.object({ p50: ms, p99: ms, last: ms });
const counts = z.record(z.string(), z.number());

/** The load of the busiest object of a kind, in requests; `rejected` is of all objects of the kind. */
const load = z.object({ aSecond: z.number(), peak: z.number(), longestWaitMs: ms, rejected: z.number() });

/** Billed units, with writes to KV, which docs/cost.md does not price. */
const use = z.object({
  requests: z.number(),
  objectRequests: z.number(),
  rowsWritten: z.number(),
  rowsRead: z.number(),
  kvReads: z.number(),
  kvWrites: z.number(),
  refusedKvWrites: z.number(),
  cpuMs: z.number(),
  gbSeconds: z.number(),
  logLines: z.number(),
  /** Envelopes that were delivered to a client or a mailbox. */
  messages: z.number(),
  /** Calls between objects. */
  calls: z.number(),
});

/** What a run showed. */
export const resultSchema = z.object({
  twins: z.number(),
  asked: z.number(),
  /** How requests ended. */
  ends: counts,
  /** Envelopes that were sent again. */
  repeats: z.number(),
  /** Envelopes that a mailbox stored. */
  stored: z.number(),
  /** From asking to the answer. */
  answer: quantiles,
  /** Twins that lost their connection, and the time until they were back. */
  away: z.number(),
  back: quantiles,
  /** Connections that failed, by reason. */
  failures: counts,
  load: z.object({ poller: load, node: load, stats: load }),
  /** The most messages of a poller in a minute, in an outbox, in a mailbox, and the most twins in an isolate's memory. */
  inMinute: z.number(),
  inOutbox: z.number(),
  inMailbox: z.number(),
  inMemory: z.number(),
  longestUpgradeMs: ms,
  /** Objects that were billed at a time, on average. */
  awake: z.number(),
  lookups: z.object({ all: z.number(), hits: z.number() }),
  chain: z.object({ dials: z.number(), reads: z.number(), mostDials: z.number() }),
  /** What was used in `usedMs`. */
  use,
  usedMs: ms,
});

export type Quantiles = z.infer<typeof quantiles>;
export type Load = z.infer<typeof load>;
export type Use = z.infer<typeof use>;
export type Result = z.infer<typeof resultSchema>;
