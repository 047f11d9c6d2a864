import { parseArgs } from 'node:util';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { product } from './contenders/contenders.ts';
import { delay, type Measure } from './contenders/measure.ts';
import { benchEntries } from './contenders/twins.ts';
import { measureEchoes } from './work/echoes.ts';

// What custody costs and wins at the relay: requests and replies of 256 B, with custody and without, in turns.

const WORKS = [
  { name: '8 pairs × 32', pairs: 8, flight: 32 },
  { name: '8 pairs × 1', pairs: 8, flight: 1 },
  { name: '1 pair × 1', pairs: 1, flight: 1 },
] as const;
const BYTES = 256;
/** V8 compiles during the first thousands of round trips. */
const TIMES = { warm: 6000, run: 3000 };
const BREATH_MS = 500;

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '3' },
    /** Only works with this text in their name. */
    works: { type: 'string', default: '' },
  },
});

/** Returns the median. */
function median(of: readonly number[]): number {
  const sorted = of.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function measureOnce(work: (typeof WORKS)[number], custody: boolean, chain: string): Promise<Measure> {
  await delay(BREATH_MS);
  await using running = await product(chain).start();
  return await measureEchoes(running, { ...work, bytes: BYTES, custody }, TIMES);
}

/** Prints plain, custody, and their ratio: the median of the ratios of neighbours in time. */
function line(
  what: string,
  unit: string,
  digits: number,
  plain: readonly number[],
  custody: readonly number[],
): string {
  const ratio = median(custody.map((value, turn) => value / (plain[turn] ?? Number.NaN)));
  const [before, after] = [plain, custody].map((each) => median(each).toFixed(digits));
  return `  ${what.padEnd(26)} ${before} ${unit} plain, ${after} ${unit} with custody: ${ratio.toFixed(2)} ×`;
}

await using chain = await startDevChain({ twins: await benchEntries() });
for (const work of WORKS.filter(({ name }) => name.includes(values.works))) {
  const [plain, custody]: Measure[][] = [[], []];
  for (let turn = 0; turn < Number(values.turns); turn += 1) {
    plain?.push(await measureOnce(work, false, chain.httpUrl));
    custody?.push(await measureOnce(work, true, chain.httpUrl));
  }
  const of = (each: (measure: Measure) => number) => [(plain ?? []).map(each), (custody ?? []).map(each)] as const;
  console.log(work.name);
  console.log(line('round trips a second', '/s', 0, ...of(({ rate }) => rate)));
  console.log(line('processor time of the relay', 'µs', 1, ...of(({ cpu }) => cpu ?? Number.NaN)));
  console.log(line('p50', 'ms', 3, ...of(({ p50 }) => p50 ?? Number.NaN)));
}
process.exit();
