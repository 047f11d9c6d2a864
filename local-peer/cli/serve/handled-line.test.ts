import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { handledLine } from './handled-line.ts';

const handled = { uid: 'u1', source: '7:cli', command: 'my.upper', error: undefined, ms: 12.34 };

describe('handledLine', () => {
  it('shows the command, its caller and the outcome', () => {
    const line = (error?: string) => stripVTControlCharacters(handledLine({ ...handled, error }, false));
    expect(line()).toBe('my.upper from 7:cli: answered, 12.3 ms');
    expect(line('exit code 1')).toBe('my.upper from 7:cli: error: exit code 1, 12.3 ms');
  });

  it('writes the same as JSON', () => {
    const { ms: _, ...fields } = handled;
    const expected = { type: 'request', ...fields, error: null, milliseconds: 12.3 };
    expect(JSON.parse(handledLine(handled, true))).toEqual(expected);
    expect(JSON.parse(handledLine({ ...handled, error: 'full' }, true))).toEqual({ ...expected, error: 'full' });
  });

  it.each([true, false])('writes no control character of the caller (JSON: %s)', (isJson) => {
    const hostile = 'x\u001b[2J\r\n';
    const line = handledLine({ ...handled, source: hostile, command: hostile, error: hostile }, isJson);
    for (const each of ['\u001b[2J', '\r', '\n']) expect(line).not.toContain(each);
  });
});
