import { z } from 'zod';

// What the benchmark and its callers tell each other.

export const COMMAND = 'bench.echo';

/** A caller's work, as its process gets it. */
export interface Start {
  readonly kind: 'ours' | 'npm' | 'bare';
  /** The bundle, or the package, that it imports; empty for the bare round trip. */
  readonly file: string;
  readonly chain: string;
  readonly relay: string;
  readonly secret: string;
  /** Its own twin. */
  readonly own: number;
  /** The twin that it calls. */
  readonly twin: number;
  readonly command: string;
  /** Size of the payload. */
  readonly bytes: number;
}

/** Calls at once, and for how long. */
export interface Work {
  readonly window: number;
  readonly seconds: number;
}

export const startedSchema = z.object({ ms: z.number() });
/** A caller is connected: the time since it began to import. */
export type Started = z.infer<typeof startedSchema>;

export const ranSchema = z.object({ rate: z.number(), p50: z.number(), p99: z.number() });
/** Calls a second, and their latencies, ms. */
export type Ran = z.infer<typeof ranSchema>;
