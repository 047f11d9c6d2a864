import { z } from 'zod';

/** JSON has no Infinity: null means never. */
const recovery = z.number().nullable();

/** The outcome of all requests of one run. Times are ms. */
export const verdictSchema = z.object({
  sent: z.number(),
  /** Requests with a reply. */
  answered: z.number(),
  /** Requests with an error and no reply, by its text. */
  failed: z.record(z.string(), z.number()),
  /** Requests with neither, after their time and a grace. */
  silent: z.number(),
  /** Those of them that the service never saw. */
  silentUnserved: z.number(),
  servedTwice: z.number(),
  /** Requests for which the caller found more than one entry. */
  answeredTwice: z.number(),
  /** Entries for no request, or with another payload. */
  strays: z.number(),
  /** For each fault, how long after its end messages flowed again. */
  recoveries: z.array(recovery),
  /** For each fault, how long after its end a new request had its reply: it waits behind those from the fault. */
  catchUps: z.array(recovery),
  p50: z.number(),
  slowest: z.number(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** Returns whether nothing was lost or repeated. */
export function isClean({ silent, servedTwice, answeredTwice, strays }: Verdict): boolean {
  return silent + servedTwice + answeredTwice + strays === 0;
}

/** Returns the value below which this part (0 to 1) of the values is; 0 without values. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
