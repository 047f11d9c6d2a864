import { beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { Simulator } from './run.ts';
import { scenarioOf } from './scenario.ts';
import { failureText, search } from './search.ts';
import { shrink } from './shrink.ts';
import { inOwnTurn } from './world/microtasks.ts';
import { bundleProduct } from './world/product.ts';

const SEEDS = 10_000;
/** A mutant must be found within so many. */
const MUTANT_SEEDS = 1_000;

describe('custody', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = new Simulator(await bundleProduct());
  });

  it(`keeps its promises under ${SEEDS} seeds`, async () => {
    const began = performance.now();
    const { done, found } = await search(simulator, 1, SEEDS, { most: 1 });
    const seconds = (performance.now() - began) / 1000;
    console.log(`simulate: ${done} seeds in ${seconds.toFixed(0)} s, ${Math.round(done / seconds)} a second`);
    const texts = await inOwnTurn(() => found.map((each) => failureText(simulator, each)));
    expect(texts).toEqual([]);
    expect(done).toBe(SEEDS);
  });

  it('does exactly the same for the same seed', async () => {
    const traces = await inOwnTurn(() => [1, 2, 1, 2].map((seed) => simulator.run(scenarioOf(seed), true)));
    const [first, second, firstAgain, secondAgain] = traces.map(({ hash, events }) => ({ hash, events }));
    expect([firstAgain, secondAgain]).toEqual([first, second]);
    expect(first).not.toEqual(second);
  });
});

describe('a mutant', () => {
  it.each(MUTANTS)('is found: $name', async (mutant) => {
    const simulator = new Simulator(await bundleProduct(mutant));
    const known = await search(simulator, mutant.seenAt, 1, { most: 1 });
    const { found } = known.found.length > 0 ? known : await search(simulator, 1, MUTANT_SEEDS, { most: 1 });
    console.log(`simulate: seed ${found[0]?.seed}: ${mutant.name}: ${found[0]?.violation}`);
    expect(found).toHaveLength(1);
    expect(found[0]?.seed).toBeLessThanOrEqual(MUTANT_SEEDS);
  });
});

describe('a failing scenario', () => {
  it('is cut down to what it needs to fail', () => {
    const scenario = scenarioOf(7);
    const needed = scenario.messages.at(-1);
    const fails = ({ messages }: typeof scenario) => messages.some((message) => message === needed);
    expect(shrink(scenario, fails)).toMatchObject({ messages: [needed], faults: [] });
  });
});
