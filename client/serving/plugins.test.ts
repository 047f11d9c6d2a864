import { describe, expect, it } from 'vitest';
import { pluginFor, replyOf } from './plugins.ts';
import { versionPlugin } from './version.ts';

const version = versionPlugin('rmb-edge 0.1.0');

const request = { uid: 'u', source: '1', command: 'rmb.version', data: new Uint8Array(0), tags: null, schema: null };

describe('pluginFor', () => {
  it('goes by the first word, whole', () => {
    const plugins = [version, { name: 'file' }];
    expect(pluginFor(plugins, 'rmb.version')?.name).toBe('rmb');
    expect(pluginFor(plugins, 'file.a.b')?.name).toBe('file');
    for (const other of ['rmb', 'rmbx.version', 'my.rmb.version', '.rmb', '']) {
      expect(pluginFor(plugins, other)).toBeUndefined();
    }
  });
});

describe('replyOf', () => {
  it('makes an error of what a plugin throws, and leaves alone what it does not serve', async () => {
    expect(await replyOf(() => Promise.reject(new Error('no disk')))).toMatchObject({
      error: { code: 500, message: 'no disk' },
    });
    expect(await replyOf(() => undefined)).toBeUndefined();
    expect(await replyOf(() => version.remote?.({ ...request, command: 'rmb.nosuch' }))).toBeUndefined();
  });
});
