import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NAME, VERSION } from './version.ts';

it('the version is that of package.json', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect({ name, version }).toEqual({ name: NAME, version: VERSION });
});
