import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { expect, test } from 'vitest';
import { bundleWorker } from '../../tools/local-relay/bundle.ts';
import { allChecks } from '../browser/vectors.ts';

test('every vector passes in workerd, also with the Worker’s own primitives', async () => {
  const modules = await bundleWorker(fileURLToPath(new URL('../browser/vectors.workerd.ts', import.meta.url)));
  const miniflare = new Miniflare({ modules, compatibilityDate: '2026-07-01' });
  try {
    const response = await miniflare.dispatchFetch('http://vectors.test/');
    const outcome = { passed: allChecks().length, failed: [] };
    expect(await response.json()).toEqual([outcome, outcome]);
  } finally {
    await miniflare.dispose();
  }
});
