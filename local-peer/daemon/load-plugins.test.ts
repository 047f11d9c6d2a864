import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../config/layers.ts';
import { loadPlugins } from './load-plugins.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-plugins-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function moduleOf(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe('loadPlugins', () => {
  it('loads the default export of each module', async () => {
    const one = await moduleOf('one.mjs', "export default { name: 'one', async remote() {} };");
    const two = await moduleOf('two.mjs', "export default { name: 'two', async local() {} };");
    expect((await loadPlugins([one, two])).map(({ name }) => name)).toEqual(['one', 'two']);
  });

  it.each([
    ['nothing.mjs', 'export const name = 1;'],
    ['dotted.mjs', "export default { name: 'a.b', async remote() {} };"],
    ['idle.mjs', "export default { name: 'a' };"],
    ['text.mjs', "export default { name: 'a', remote: 'no' };"],
    ['broken.mjs', 'export default {'],
  ])('refuses %s, and names the file', async (name, text) => {
    const path = await moduleOf(name, text);
    await expect(loadPlugins([path])).rejects.toThrow(UsageError);
    await expect(loadPlugins([path])).rejects.toThrow(`--plugin: ${path} `);
  });

  it('refuses a file that does not exist', async () => {
    await expect(loadPlugins([join(directory, 'absent.mjs')])).rejects.toThrow('cannot be loaded');
  });
});
