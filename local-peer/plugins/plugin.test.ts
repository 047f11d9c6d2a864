import { describe, expect, it } from 'vitest';
import { answerOf, pluginFor } from './plugin.ts';
import { versionPlugin } from './version.ts';

const request = { uid: 'u', source: '1', command: 'rmb.version', data: new Uint8Array(0), tags: null, schema: null };

describe('pluginFor', () => {
  it('goes by the first word, whole', () => {
    const plugins = [versionPlugin, { name: 'file' }];
    expect(pluginFor(plugins, 'rmb.version')?.name).toBe('rmb');
    expect(pluginFor(plugins, 'file.a.b')?.name).toBe('file');
    for (const other of ['rmb', 'rmbx.version', 'my.rmb.version', '.rmb', '']) {
      expect(pluginFor(plugins, other)).toBeUndefined();
    }
  });
});

describe('answerOf', () => {
  it('makes an error of what a plugin throws, and leaves alone what it does not serve', async () => {
    expect(await answerOf(() => Promise.reject(new Error('no disk')))).toMatchObject({
      error: { code: 500, message: 'no disk' },
    });
    expect(await answerOf(() => undefined)).toBeUndefined();
    expect(await answerOf(() => versionPlugin.remote?.({ ...request, command: 'rmb.nosuch' }))).toBeUndefined();
  });
});
