import { z } from 'zod';
import { INPUTS } from './inputs.ts';
import { PRODUCT } from './product.ts';
import { type Result, resultSchema } from './result.ts';
import { run } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import type { productSettings } from './settings.ts';

const NAMES = z.enum([
  'spread',
  'apart',
  'burst',
  'onePoller',
  'deploy',
  'deployAtOnce',
  'europe',
  'america',
  'chain',
  'generation',
  'storm',
]);
export type ScenarioName = z.infer<typeof NAMES>;

/** A run: a scenario, how much larger the grid is, and the rate limit (messages a minute; 0: none; absent: as shipped). */
const planned = z.object({ scenario: NAMES, growth: z.number(), limit: z.number().optional() });
export type Planned = z.infer<typeof planned>;

const recorded = planned.extend({ result: resultSchema });

/** What `npm run grid` writes to results.json. */
export const recordSchema = z.object({
  version: z.literal(1),
  /** What the runs depend on; another value makes the page stale. */
  inputs: z.unknown(),
  /** Settings as shipped, in messages: a minute, and of a mailbox. */
  rateLimit: z.number(),
  mailboxMessages: z.number(),
  runs: z.array(recorded),
});
export type GridRecord = z.infer<typeof recordSchema>;

const SEED = 22;

/** Rate limits that are tried with a burst. */
export const TRIED_LIMITS = [6_000, 12_000, 20_000] as const;

export const PLAN: readonly Planned[] = [
  { scenario: 'spread', growth: 1 },
  { scenario: 'spread', growth: 3 },
  { scenario: 'spread', growth: 10 },
  { scenario: 'spread', growth: 3, limit: 0 },
  { scenario: 'spread', growth: 10, limit: 0 },
  { scenario: 'apart', growth: 1 },
  { scenario: 'apart', growth: 3, limit: 0 },
  { scenario: 'burst', growth: 1 },
  ...TRIED_LIMITS.map((limit) => ({ scenario: 'burst' as const, growth: 1, limit })),
  { scenario: 'burst', growth: 1, limit: 0 },
  { scenario: 'burst', growth: 3, limit: 0 },
  { scenario: 'burst', growth: 10, limit: 0 },
  { scenario: 'onePoller', growth: 1 },
  { scenario: 'deploy', growth: 1 },
  { scenario: 'deployAtOnce', growth: 1 },
  { scenario: 'deployAtOnce', growth: 3, limit: 0 },
  { scenario: 'deployAtOnce', growth: 10, limit: 0 },
  { scenario: 'europe', growth: 1 },
  { scenario: 'america', growth: 1 },
  { scenario: 'chain', growth: 1 },
  { scenario: 'generation', growth: 1 },
  { scenario: 'generation', growth: 3, limit: 0 },
  { scenario: 'storm', growth: 1 },
  { scenario: 'storm', growth: 3 },
  { scenario: 'storm', growth: 10 },
];

type Settings = ReturnType<typeof productSettings>;

/** Returns everything that the runs depend on, as JSON has it. */
export function inputsOf(settings: Settings): unknown {
  return JSON.parse(JSON.stringify({ seed: SEED, inputs: INPUTS, product: PRODUCT, settings, plan: PLAN }));
}

/** Runs one of the plan. Its numbers are rounded to a thousandth. */
export function runPlanned({ scenario, growth, limit }: Planned, settings: Settings): Result {
  const rateLimit = limit === undefined ? settings.rateLimit : { messages: limit, bytes: 0 };
  const result = run(SCENARIOS[scenario], growth, { ...settings, rateLimit, seed: SEED });
  return resultSchema.parse(
    JSON.parse(JSON.stringify(result), (_, value: unknown) =>
      typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
    ),
  );
}

/** Returns the result of a planned run. Throws when the record has none. */
export function resultOf({ runs }: GridRecord, scenario: ScenarioName, growth: number, limit?: number): Result {
  const found = runs.find((each) => each.scenario === scenario && each.growth === growth && each.limit === limit);
  if (found === undefined) throw new Error(`results.json has no run of ${scenario} at growth ${growth}`);
  return found.result;
}
