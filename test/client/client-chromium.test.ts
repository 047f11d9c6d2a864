import { expect, it } from 'vitest';
import { z } from 'zod';
import { bundleEntry } from '../browser/bundle.ts';
import { launchChromium } from '../browser/chromium.ts';
import { servePage } from '../browser/page.ts';
import { startSuiteNetwork } from './suite-network.ts';
import type { SuiteNetwork } from './suite-tools.ts';

const outcomeOf = z.object({ checks: z.number(), passed: z.number(), failed: z.array(z.string()) });

const scriptFor = (suite: SuiteNetwork) => `
import { connect } from '../../client/index.ts';
import { runChecks } from '../../proto/vectors.suite.ts';
import { clientChecks } from '../client/suite.ts';
const checks = clientChecks(connect, ${JSON.stringify(suite)});
globalThis.outcome = runChecks(checks).then((outcome) => ({ checks: checks.length, ...outcome }));
`;

it('passes every check in Chromium, on a page with a strict policy, and adds nothing global', async () => {
  const { network, suite } = await startSuiteNetwork();
  await using _network = network;
  await using page = await servePage(await bundleEntry(scriptFor(suite), ['browser']), 'ws:');
  await using browser = await launchChromium();
  const tab = await browser.newPage();
  const failures: string[] = [];
  tab.on('pageerror', (error) => failures.push(error.message));
  await tab.addInitScript('globalThis.before = Object.getOwnPropertyNames(globalThis)');
  await tab.goto(page.url, { waitUntil: 'load' });
  const { checks, ...outcome } = outcomeOf.parse(await tab.evaluate('outcome'));
  expect(failures).toEqual([]);
  expect(outcome).toEqual({ passed: checks, failed: [] });
  const added = await tab.evaluate('Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name))');
  expect(added).toEqual(['before', 'outcome']);
});
