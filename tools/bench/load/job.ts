/** A way from one session to another with a number of messages in flight: each arrival releases the next one. */
export interface Lane {
  readonly from: string;
  readonly to: string;
  /** The frame of a client; its mark is the lane's number. */
  readonly frame: Uint8Array;
}

/** The job of a thread with WebSocket sessions. */
export interface LanesJob {
  readonly kind: 'lanes';
  readonly url: string;
  /** Tokens of the sessions, by the names that lanes use. */
  readonly sessions: ReadonlyMap<string, string>;
  /** By lane number. */
  readonly lanes: ReadonlyMap<number, Lane>;
  /** Messages of a lane in flight. */
  readonly flight: number;
  /** Position of the mark in an envelope. */
  readonly markAt: number;
  /** By the names of sessions: the frame with which a session that receives shows that it reads, as peers do. */
  readonly signs: ReadonlyMap<string, Uint8Array>;
  /** A session shows that after so many messages. */
  readonly messagesASign: number;
}

/** POSTs of another relay over persistent connections, one in flight on each. */
export interface PostsJob {
  readonly kind: 'posts';
  readonly host: string;
  readonly port: number;
  /** Sessions that receive. */
  readonly url: string;
  readonly tokens: readonly string[];
  /** Whole requests, head and body, sent in turn. */
  readonly posts: readonly Uint8Array[];
  /** Envelopes of each request: with more than one it is a batch. */
  readonly envelopes: number;
  readonly connections: number;
}

/** Pairs of sessions: one asks, the other replies to each request. */
export interface EchoesJob {
  readonly kind: 'echoes';
  readonly url: string;
  /** The tokens of both sessions, and the envelopes that they send. */
  readonly pairs: readonly {
    readonly asks: string;
    readonly replies: string;
    readonly request: Uint8Array;
    readonly reply: Uint8Array;
  }[];
  /** Requests of a pair in flight. */
  readonly flight: number;
  /** Whether the sessions speak custody; the tokens must offer it. */
  readonly custody: boolean;
}

export type Job = LanesJob | PostsJob | EchoesJob;

/** The counts of a thread since the last query. */
export interface Count {
  /** Messages that arrived. */
  readonly received: number;
  /** Messages that the relay accepted (202) and refused; 0 for lanes. */
  readonly accepted: number;
  readonly refused: number;
  /** Latencies of messages, ms; a sample when they are many. */
  readonly latencies: Float64Array;
}

/** Messages from the main thread to a thread, and the answers. */
export type Order = { readonly say: 'start'; readonly job: Job } | { readonly say: 'count' } | { readonly say: 'stop' };
export type Answer =
  | { readonly say: 'started' }
  | { readonly say: 'counted'; readonly count: Count }
  | { readonly say: 'stopped'; readonly count: Count }
  | { readonly say: 'failed'; readonly why: string };
