import { parseArgs } from 'node:util';
import { z } from 'zod';
import { FAULTS, type Fault } from './faults.ts';

const NAMES = FAULTS.map(({ name }) => name);

export const USAGE = `npm run faults -- [--only NAME[,NAME…]] [--minutes 1] [--rate 500] [--seed N] [--ttl S] [--before REV] [--write]

Sends requests from one Redis to another while the parts between them fail, and counts what was lost or repeated. The
exit code is 1 if anything was.

  --only NAME     only these faults
  --minutes M     of each fault
  --rate R        requests a second
  --seed N        draws the same faults at the same times
  --ttl S         seconds that a request lives, at most; absent: longer than the fault
  --before REV    relay-redeployed deploys the relay of this commit and this one in turns
  --write         writes docs/faults.md

Faults:
${FAULTS.map(({ name, about }) => `  ${name.padEnd(17)} ${about}`).join('\n')}`;

const schema = z.object({
  only: z
    .string()
    .transform((names) => names.split(','))
    .pipe(z.array(z.enum(NAMES)))
    .optional(),
  minutes: z.coerce.number().positive().default(1),
  rate: z.coerce.number().positive().max(10_000).default(500),
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).optional(),
  ttl: z.coerce.number().int().positive().optional(),
  // Git would read a leading dash as an option.
  before: z.string().regex(/^[^-]/).optional(),
  write: z.boolean().default(false),
  help: z.boolean().default(false),
});

/** What one command was asked to do. */
export interface Asked extends Omit<z.infer<typeof schema>, 'only' | 'seed'> {
  readonly faults: readonly Fault[];
  readonly seed: number;
}

/** Returns what the arguments ask for. Throws naming the option that is not understood. */
export function readOptions(args: string[]): Asked {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ only: text, minutes: text, rate: text, seed: text, ttl: text, before: text },
      ...{ write: flag, help: { ...flag, short: 'h' } },
    },
  });
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0]);
    throw new Error(
      `--${name}: '${new Map<string, unknown>(Object.entries(values)).get(name)}' is not understood\n${USAGE}`,
    );
  }
  const { only, seed = Date.now() % 2 ** 32, ...others } = parsed.data;
  return { ...others, seed, faults: FAULTS.filter(({ name }) => only === undefined || only.includes(name)) };
}
