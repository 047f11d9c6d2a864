import { expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { RELEASE } from './release.ts';
import { versionPlugin } from './version.ts';

const request = { uid: 'u', source: '1', command: 'rmb.version', data: new Uint8Array(0), tags: null, schema: null };

it('answers rmb.version with the release, as JSON, and leaves other commands alone', async () => {
  const plugin = versionPlugin('rmb-edge 1.2.3');
  const data = new TextEncoder().encode('"rmb-edge 1.2.3"');
  expect(await plugin.remote?.(request)).toEqual({ data, schema: 'application/json', ttl: 300 });
  expect(await plugin.remote?.({ ...request, command: 'rmb.other' })).toBeUndefined();
});

it('names the version of the package', () => {
  expect(RELEASE).toBe(`${manifest.name} ${manifest.version}`);
});
