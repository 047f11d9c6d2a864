import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameRelay, relayName } from './relay-name.ts';

describe('relayName', () => {
  it.each([
    ['relay.example', 'relay.example'],
    ['Relay.Example.', 'relay.example'],
    ['relay.example.:8443', 'relay.example:8443'],
    ['relay.example:443', 'relay.example'],
    ['relay.example.:443', 'relay.example'],
    ['localhost:8787', 'localhost:8787'],
    ['127.0.0.1', '127.0.0.1'],
    ['2001:db8::1', '[2001:db8::1]'],
    ['2001:DB8:0:0::1', '[2001:db8::1]'],
    ['[2001:db8::1]', '[2001:db8::1]'],
    ['[2001:db8::1]:443', '[2001:db8::1]'],
    ['[2001:DB8:0::1]:8443', '[2001:db8::1]:8443'],
    ['::1', '[::1]'],
  ])('normalises %s to %s', (text, name) => {
    expect(relayName(text)).toBe(name);
    expect(relayName(name)).toBe(name);
  });

  it.each([
    '',
    '.',
    'relay.example..',
    'relay..example',
    'relay.example:0',
    'relay.example:65536',
    'relay.example:',
    'relay.example:1:2',
    '[2001:db8::1]443',
    '[2001:db8::1',
    '[]',
    '[relay.example]',
    '0x7f.1',
    'wss://relay.example',
    'relay.example/',
    `${'a.'.repeat(127)}a`,
  ])('refuses %j', (text) => {
    expect(relayName(text)).toBeUndefined();
  });

  it('normalises exactly the spellings of one host in a URL to one name', () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    fc.assert(
      fc.property(host, fc.option(fc.integer({ min: 1, max: 65_535 })), (name, port) => {
        const url = new URL(`https://${name}${port === null ? '' : `:${port}`}/`);
        const spelled = `${name.toUpperCase()}${name.startsWith('[') ? '' : '.'}${port === null ? '' : `:${port}`}`;
        expect(relayName(spelled)).toBe(url.host);
        if (name.startsWith('[') && port === null) expect(relayName(name.slice(1, -1))).toBe(url.host);
      }),
    );
  });
});

describe('isSameRelay', () => {
  it.each([
    ['relay.example', 'relay.example', true],
    ['relay.example', 'other.example', false],
    ['localhost:8787', 'localhost', true],
    ['relay.example', 'relay.example:8443', true],
    ['localhost:8787', 'localhost:8788', false],
    ['[2001:db8::1]', '[2001:db8::1]:8443', true],
    ['[2001:db8::1]', '[2001:db8::2]', false],
    ['[2001:db8::1]:8443', '[2001:db8::1]:9443', false],
  ])('compares %s and %s: %s', (one, other, expected) => {
    expect([isSameRelay(one, other), isSameRelay(other, one)]).toEqual([expected, expected]);
  });
});
