import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LONGEST } from './longest-first.ts';

const ROOT = new URL('../../', import.meta.url);

it('names only test files that exist, each once', () => {
  expect(LONGEST.filter((file) => !existsSync(fileURLToPath(new URL(file, ROOT))))).toEqual([]);
  expect(new Set(LONGEST).size).toBe(LONGEST.length);
});
