import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { AXES } from './axes.ts';
import { drawings } from './drawing.ts';
import { readGrowth } from './record.ts';

test('the pictures in docs/ are what bench/growth.json says', async () => {
  const drawn = drawings(await readGrowth());
  expect([...drawn.keys()]).toEqual(AXES.map((name) => `growth-${name}.svg`));
  for (const [name, text] of drawn) {
    expect(
      await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8'),
      'npm run bench:growth -- --draw',
    ).toBe(text);
  }
});
