/** A way from one session to another, with some messages under way: each that arrives lets the next one go. */
export interface Lane {
  readonly from: string;
  readonly to: string;
  /** The frame that is sent, as a client sends it; its mark is the lane's number. */
  readonly frame: Uint8Array;
}

/** What a thread of the generator does with WebSocket sessions. */
export interface LanesJob {
  readonly kind: 'lanes';
  readonly url: string;
  /** Tokens of the sessions, by the names that lanes use. */
  readonly sessions: ReadonlyMap<string, string>;
  /** By lane number. */
  readonly lanes: ReadonlyMap<number, Lane>;
  /** Messages of a lane that are under way at once. */
  readonly flight: number;
  /** Where in an envelope its mark stands. */
  readonly markAt: number;
}

/** POSTs as another relay makes them, over connections that stay open, one under way on each. */
export interface PostsJob {
  readonly kind: 'posts';
  readonly host: string;
  readonly port: number;
  /** Sessions that receive. */
  readonly url: string;
  readonly tokens: readonly string[];
  /** Whole requests, head and body, sent in turn. */
  readonly posts: readonly Uint8Array[];
  readonly connections: number;
}

export type Job = LanesJob | PostsJob;

/** What a thread counted since it was last asked. */
export interface Count {
  /** Messages that arrived. */
  readonly received: number;
  /** Messages that another relay was told are taken (202), and that were refused; 0 for lanes. */
  readonly accepted: number;
  readonly refused: number;
  /** How long messages were under way, ms; a sample when they are many. */
  readonly latencies: Float64Array;
}

/** What the main thread says to a thread, and what it answers. */
export type Order = { readonly say: 'start'; readonly job: Job } | { readonly say: 'count' } | { readonly say: 'stop' };
export type Answer =
  | { readonly say: 'started' }
  | { readonly say: 'counted'; readonly count: Count }
  | { readonly say: 'stopped'; readonly count: Count }
  | { readonly say: 'failed'; readonly why: string };
