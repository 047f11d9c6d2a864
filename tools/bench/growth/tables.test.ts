import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readGrowth } from './record.ts';
import { growthPage } from './tables.ts';

test('tools/bench/GROWTH.md shows tools/bench/growth.json', async () => {
  const page = await readFile(new URL('../GROWTH.md', import.meta.url), 'utf8');
  expect(page, 'npm run bench:growth -- --page').toBe(growthPage(await readGrowth()));
});
