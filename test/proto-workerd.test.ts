import { Miniflare } from 'miniflare';
import { expect, test } from 'vitest';
import { bundleEntry } from './browser/bundle.ts';
import { allChecks } from './browser/vectors.ts';

const WORKER = `
import { runAllChecks } from './vectors.ts';
export default { fetch: async () => Response.json(await runAllChecks()) };
`;

test('in workerd every vector holds', async () => {
  const script = await bundleEntry(WORKER, ['workerd', 'worker', 'browser']);
  const miniflare = new Miniflare({ modules: true, script, compatibilityDate: '2026-07-01' });
  try {
    const response = await miniflare.dispatchFetch('http://vectors.test/');
    expect(await response.json()).toEqual({ passed: allChecks.length, failed: [] });
  } finally {
    await miniflare.dispose();
  }
});
