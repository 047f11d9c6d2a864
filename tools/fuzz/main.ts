import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Heap } from './heap.ts';
import { fuzzHttp, HTTP } from './http/target.ts';
import { fromHex } from './input/hex.ts';
import { judge } from './judge.ts';
import { findingText } from './report.ts';
import { type Finding, fuzz, inputOf } from './run.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets.ts';
import { watchdog } from './watchdog.ts';

const NAMES = [...TARGETS.map(({ name }) => name), HTTP];
const USAGE = `npm run fuzz -- --seconds S | --inputs N [--seed S] [--target NAME]
npm run fuzz -- --target NAME --seed S --case N    one case again
npm run fuzz -- --target NAME --input HEX          one input again

Targets: ${NAMES.join(', ')}. Seconds and inputs are for each target.`;

const whole = z.coerce.number().int().min(0);
const options = z.object({
  seconds: z.coerce.number().positive().default(10),
  inputs: whole.default(Number.MAX_SAFE_INTEGER),
  seed: whole.max(0xffff_ffff).default(Date.now() % 2 ** 32),
  target: z.enum(NAMES).optional(),
  case: whole.optional(),
  input: z.string().optional(),
});
type Options = z.infer<typeof options>;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      seconds: text,
      inputs: text,
      seed: text,
      target: text,
      case: text,
      input: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(USAGE);
  const parsed = options.safeParse(values);
  if (!parsed.success) throw new Error(`--${parsed.error.issues[0]?.path[0]?.toString()}: not understood\n${USAGE}`);
  // Without seconds, the count of inputs ends the run.
  const seconds =
    values.seconds === undefined && values.inputs !== undefined ? Number.MAX_SAFE_INTEGER : parsed.data.seconds;
  await run({ ...parsed.data, seconds });
}

/** Aborted by a signal: the run ends and prints how far it came. */
const stop = new AbortController();

async function run(asked: Options): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  if (asked.target === HTTP) return show(await fuzzHttp({ ...asked, only: asked.case, stop: stop.signal }));
  const chosen = TARGETS.filter(({ name }) => asked.target === undefined || name === asked.target);
  if (asked.case !== undefined || asked.input !== undefined) {
    const [target] = chosen;
    if (target === undefined || asked.target === undefined)
      throw new Error('name one target that runs in this process');
    const input = asked.input === undefined ? inputOf(target, asked.seed, asked.case ?? 0) : fromHex(asked.input);
    const fault = await judge(target, input);
    if (fault !== undefined) process.exitCode = 1;
    return console.log(`${target.name}: ${fault === undefined ? 'nothing found' : `${fault.kind}: ${fault.detail}`}`);
  }
  console.log(`fuzz: seed ${asked.seed}`);
  for (const target of chosen) {
    if (!stop.signal.aborted) show(await one(target, asked));
  }
  if (asked.target === undefined && !stop.signal.aborted) show(await fuzzHttp({ ...asked, stop: stop.signal }));
}

async function one(target: Target, { seed, seconds, inputs }: Options): Promise<readonly Finding[]> {
  const heap = new Heap();
  const watch = watchdog(target.name, seed);
  const began = performance.now();
  const isOver = (count: number) => {
    heap.sample(count);
    return stop.signal.aborted || count >= inputs || performance.now() - began > seconds * 1000;
  };
  const outcome = await fuzz(target, seed, { isOver, onCase: watch.begin });
  await watch.end();
  const took = ((performance.now() - began) / 1000).toFixed(0);
  const growth = `memory ${(heap.growth / 2 ** 20).toFixed(1)} MiB more`;
  console.log(
    `fuzz: ${target.name}: ${outcome.inputs} inputs, ${took} s, ${growth}, ${outcome.finding ? 1 : 0} findings`,
  );
  if (outcome.finding !== undefined) return [outcome.finding];
  if (heap.isFlat) return [];
  const fault = { kind: 'memory' as const, detail: growth };
  return [{ target: target.name, seed, number: outcome.inputs, fault, input: new Uint8Array(0) }];
}

function show(findings: readonly Finding[]): void {
  for (const finding of findings) console.error(findingText(finding));
  if (findings.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(`fuzz: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
