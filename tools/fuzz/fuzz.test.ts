import { describe, expect, it } from 'vitest';
import { fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

const SEED = 1;
const INPUTS = 2_048;

describe('npm run fuzz', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))('finds nothing in %s', async (_, target) => {
    const { inputs, finding } = await fuzz(target, SEED, { isOver: (count) => count >= INPUTS });
    expect(finding).toBeUndefined();
    expect(inputs).toBeGreaterThanOrEqual(INPUTS);
  });
});
