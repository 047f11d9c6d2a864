import { expect, test } from 'vitest';
import { bundleEntry } from '../browser/bundle.ts';
import { launchChromium } from '../browser/chromium.ts';
import { servePage } from '../browser/page.ts';
import { allChecks } from '../browser/vectors.ts';

const SCRIPT = `
import { runAllChecks } from './vectors.ts';
globalThis.outcome = runAllChecks();
`;

test('every vector passes in Chromium without eval', async () => {
  await using page = await servePage(await bundleEntry(SCRIPT, ['browser']));
  await using browser = await launchChromium();
  const tab = await browser.newPage();
  const failures: string[] = [];
  tab.on('pageerror', (error) => failures.push(error.message));
  await tab.goto(page.url, { waitUntil: 'load' });
  expect(failures).toEqual([]);
  expect(await tab.evaluate('outcome')).toEqual({ passed: allChecks().length, failed: [] });
});
