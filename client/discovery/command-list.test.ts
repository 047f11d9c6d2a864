import { describe, expect, it } from 'vitest';
import { type ListedCommand, readCommand, readCommands, writeCommands } from './command-list.ts';

const written = (commands: readonly ListedCommand[]) => new TextDecoder().decode(writeCommands(commands));
const readBack = (commands: readonly ListedCommand[]) => readCommands(JSON.parse(written(commands)));
const numbered = (count: number, fields: Partial<ListedCommand> = {}) =>
  Array.from({ length: count }, (_, n) => ({ ...fields, name: `x.${String(n).padStart(3, '0')}` }));

describe('an answer', () => {
  it('has a version, and the commands by name', () => {
    const pay: ListedCommand = { name: 'wallet.pay', summary: 'pays', in: { type: 'number' }, out: true };
    const list = [pay, { name: 'my.count', stream: true as const }, { name: 'wallet.pay', summary: 'another' }];
    expect(JSON.parse(written(list))).toEqual({ ver: 1, commands: [list[1], pay], more: false });
    expect(readBack(list)).toEqual({ commands: [list[1], pay], more: false });
  });

  it('has 256 commands at most, and says that there are more', () => {
    expect(readBack(numbered(256))).toMatchObject({ commands: { length: 256 }, more: false });
    // Not by the reader, which has the same limit.
    const list: unknown = JSON.parse(written(numbered(257)));
    expect(list).toMatchObject({ commands: { length: 256 }, more: true });
    expect(list).toHaveProperty('commands.255', { name: 'x.255' });
  });

  it('has 64 KiB at most: it omits schemas, then commands', () => {
    const large = { description: 'ü'.repeat(2_000) };
    const schemas = numbered(100, { in: large });
    expect(writeCommands(schemas).length).toBeLessThanOrEqual(65_536);
    const { commands = [], more } = readBack(schemas) ?? {};
    expect([commands.length, more]).toEqual([100, false]);
    expect(commands[0]?.in).toEqual(large);
    expect(commands[99]?.in).toBe(true);
    const summaries = numbered(256, { summary: '€'.repeat(200) });
    expect(writeCommands(summaries).length).toBeLessThanOrEqual(65_536);
    const cut = readBack(summaries);
    expect(cut?.more).toBe(true);
    expect(cut?.commands.length).toBeGreaterThan(90);
  });
});

describe('a reader', () => {
  it.each([
    ['no object', []],
    ['null', null],
    ['another version', { ver: 2, commands: [] }],
    ['no version', { commands: [] }],
    ['no list', { ver: 1, commands: {} }],
  ])('refuses %s', (_, answer) => {
    expect(readCommands(answer)).toBeUndefined();
  });

  it('drops what is no command, and ignores fields of a later version', () => {
    const commands = [{ name: 'a', later: 1 }, 'b', null, {}, { name: '' }, { name: 7 }, { name: 'x'.repeat(257) }];
    expect(readCommands({ ver: 1, commands, more: 'yes' })).toEqual({ commands: [{ name: 'a' }], more: false });
  });

  it('takes as many commands as an answer may have', () => {
    expect(readCommands({ ver: 1, commands: numbered(300) })).toMatchObject({ commands: { length: 256 }, more: true });
  });

  it('ignores fields of other types', () => {
    const value = { name: 'a', summary: 7, in: 'number', out: false, stream: 'yes' };
    expect(readCommand(value)).toEqual({ name: 'a' });
  });

  it('cuts a long summary, and does not take a large or deep schema', () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    const value = { name: 'a', summary: 'x'.repeat(201), in: deep, out: { description: 'x'.repeat(5_000) } };
    expect(readCommand(value)).toEqual({ name: 'a', summary: `${'x'.repeat(199)}…`, in: true, out: true });
  });
});
