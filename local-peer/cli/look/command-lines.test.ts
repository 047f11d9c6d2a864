import { expect, it } from 'vitest';
import { commandLines } from './command-lines.ts';

it('shows a line for each command, and for each schema that the list has', () => {
  const commands = [
    { name: 'my.count', summary: 'counts up', stream: true as const, in: { type: 'number' }, out: true as const },
    { name: 'x' },
  ];
  expect(commandLines({ commands, more: false }, '7')).toEqual([
    'my.count  stream  counts up',
    '  in  {"type":"number"}',
    'x',
  ]);
});

it('says when a twin lists nothing, or not all', () => {
  expect(commandLines({ commands: [], more: false }, '7')).toEqual(['twin 7 lists no command that this twin may call']);
  expect(commandLines({ commands: [{ name: 'x' }], more: true }, '7')).toEqual([
    'x',
    'twin 7 serves more than it lists',
  ]);
});

it('shows no character of a stranger that acts on a terminal, and cuts a long schema', () => {
  const commands = [
    { name: 'a\u001b[2J\nb', summary: '\u001b]0;title\u0007\u202e', in: { '\u009b2J': '\u001b[1m' } },
    { name: 'long', in: { description: 'x'.repeat(1_000) } },
  ];
  const lines = commandLines({ commands, more: false }, '7');
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(lines.slice(0, 2)).toEqual(['a [2J b          ]0;title', String.raw`  in  {"\u009b2J":"\u001b[1m"}`]);
  expect(lines[3]).toHaveLength(206);
});
