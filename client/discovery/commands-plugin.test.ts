import { describe, expect, it } from 'vitest';
import type { Admission } from '../serving/admission.ts';
import type { Plugin, RemoteRequest } from '../serving/plugin.ts';
import { readCommands } from './command-list.ts';
import { commandsPlugin } from './commands-plugin.ts';

const SERVED = ['echo', 'wallet.pay', 'node.get'].map((name) => ({ name }));

/** Asks for the list as a twin. */
function ask(admission: Admission, { source = '7:sid', command = 'rmb.commands' }, plugins: readonly Plugin[] = []) {
  const request: RemoteRequest = { uid: 'u', source, command, data: new Uint8Array(0), tags: null, schema: null };
  return commandsPlugin({ list: async () => SERVED, admission }, plugins).remote?.(request);
}

/** Returns the names that a twin sees. */
async function namesFor(source: string, admission: Admission): Promise<string[] | undefined> {
  const reply = await ask(admission, { source });
  expect(reply).toMatchObject({ schema: 'application/json', ttl: 300 });
  return readCommands(JSON.parse(new TextDecoder().decode(reply?.data)))?.commands.map(({ name }) => name);
}

describe('the list of commands', () => {
  it('has all of them for every twin, without rules', async () => {
    expect(await namesFor('7', {})).toEqual(['echo', 'node.get', 'wallet.pay']);
  });

  it('hides from a twin each command that it may not call', async () => {
    const admission: Admission = { allow: new Set([7, 9]), allowFor: new Map([['wallet.pay', new Set([7])]]) };
    expect(await namesFor('7:sid', admission)).toEqual(['echo', 'node.get', 'wallet.pay']);
    expect(await namesFor('9:sid', admission)).toEqual(['echo', 'node.get']);
    expect(await namesFor('8', admission)).toEqual([]);
  });

  it('hides commands that are not served here', async () => {
    expect(await namesFor('7', { served: new Set(['echo']) })).toEqual(['echo']);
  });

  it('leaves other commands to the plugin of its name', async () => {
    const other: Plugin = { name: 'rmb', remote: async ({ command }) => ({ data: new TextEncoder().encode(command) }) };
    const reply = await ask({}, { command: 'rmb.version' }, [other]);
    expect(new TextDecoder().decode(reply?.data)).toBe('rmb.version');
    expect(await ask({}, { command: 'rmb.version' })).toBeUndefined();
  });
});
