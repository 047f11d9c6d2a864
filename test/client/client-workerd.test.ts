import { Miniflare } from 'miniflare';
import { expect, it } from 'vitest';
import { bundleEntry } from '../browser/bundle.ts';
import { startSuiteNetwork } from './suite-network.ts';

const WORKER = `
import { connect } from '../../client/index.ts';
import { runChecks } from '../../proto/vectors.suite.ts';
import { clientChecks } from '../client/suite.ts';
export default {
  async fetch(request) {
    const checks = clientChecks(connect, await request.json());
    return Response.json({ checks: checks.length, ...(await runChecks(checks)) });
  },
};
`;

it('passes every check in workerd', async () => {
  const { network, suite } = await startSuiteNetwork();
  await using _network = network;
  const script = await bundleEntry(WORKER, ['workerd', 'worker', 'browser']);
  const miniflare = new Miniflare({ modules: true, script, compatibilityDate: '2026-07-01' });
  try {
    const body = JSON.stringify(suite);
    const response = await miniflare.dispatchFetch('http://client.test/', { method: 'POST', body });
    const { checks, ...outcome } = JSON.parse(await response.text());
    expect(outcome).toEqual({ passed: checks, failed: [] });
    expect(checks).toBeGreaterThan(5);
  } finally {
    await miniflare.dispose();
  }
});
