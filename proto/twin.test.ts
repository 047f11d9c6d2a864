import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relayDomainOf, relayDomains } from './twin.ts';

test('an absent relay string has no domain', () => {
  expect(relayDomains(null)).toEqual([]);
});

test('relay strings of all clients are read', () => {
  expect(relayDomains('relay.grid.tf')).toEqual(['relay.grid.tf']);
  expect(relayDomains('localhost:8081_127.0.0.1')).toEqual(['localhost:8081', '127.0.0.1']);
  expect(relayDomains('ws:/localhost:8787')).toEqual(['localhost:8787']);
  expect(relayDomains('wss://relay.grid.tf/')).toEqual(['relay.grid.tf']);
  expect(relayDomains('[::1]:8787')).toEqual(['[::1]:8787']);
  expect(relayDomains('[2001:db8::1]:443_2001:DB8::1_relay.example._relay.example:443')).toEqual([
    '[2001:db8::1]',
    'relay.example',
  ]);
});

test('domains are in lower case, once each and in order', () => {
  expect(relayDomains('B.example_a.example_b.EXAMPLE_http://c.example_ d.example ')).toEqual([
    'b.example',
    'a.example',
    'd.example',
  ]);
});

test('a domain in a URL is only its host, whatever the relay string is', () => {
  const pieces = fc.constantFrom(
    'relay',
    '.',
    ':',
    '8080',
    '/',
    '@',
    '_',
    '-',
    '0x7f',
    '1',
    '[',
    ']',
    'é',
    '%',
    '\\',
    ' ',
  );
  const relay = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(relay, (text) => {
      for (const domain of relayDomains(text)) {
        const url = new URL(`https://${domain}/`);
        expect([domain, domain.replace(/:443$/, '')]).toContain(url.host);
        expect(url.href).toBe(`https://${url.host}/`);
      }
    }),
    { numRuns: 500 },
  );
});

test('a long relay string is read in linear time', () => {
  expect(relayDomains(`${'a-'.repeat(100_000)}!`)).toEqual([]);
});

test('the domain of a URL is its host, with a port that is not the default', () => {
  expect(relayDomainOf(new URL('wss://relay.grid.tf:443'))).toBe('relay.grid.tf');
  expect(relayDomainOf(new URL('wss://Relay.Grid.tf:8443/path'))).toBe('relay.grid.tf:8443');
  expect(relayDomainOf(new URL('ws://localhost:8787'))).toBe('localhost:8787');
  expect(relayDomainOf(new URL('ws://localhost:80'))).toBe('localhost');
  expect(relayDomainOf(new URL('wss://relay.grid.tf.'))).toBe('relay.grid.tf');
});
