import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAddress, parseAddress, sameAddress } from './address.ts';

const address = fc.record(
  { twin: fc.nat(0xffff_ffff), connection: fc.string({ unit: 'binary' }) },
  { requiredKeys: ['twin'] },
);

test('a formatted address is parsed to itself, whatever its sid is', () => {
  fc.assert(
    fc.property(address, (one) => {
      expect(sameAddress(parseAddress(formatAddress(one)), one)).toBe(true);
    }),
  );
});

test('a parsed text is formatted to the same session', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseAddress(text);
      if (parsed) expect(parseAddress(formatAddress(parsed))).toEqual(parsed);
    }),
  );
});

test('a sid may hold colons and may be empty', () => {
  expect(parseAddress('7:a:b')).toEqual({ twin: 7, connection: 'a:b' });
  expect(parseAddress('7:')).toEqual({ twin: 7, connection: '' });
  expect(parseAddress('7')).toEqual({ twin: 7 });
});

test('no sid and the empty sid are two sessions', () => {
  expect(sameAddress({ twin: 7 }, { twin: 7, connection: '' })).toBe(false);
  expect(sameAddress({ twin: 7, connection: undefined }, { twin: 7 })).toBe(true);
  expect(sameAddress({ twin: 7 }, { twin: 8 })).toBe(false);
});

test('an absent address is not twin 0', () => {
  expect(sameAddress(undefined, { twin: 0 })).toBe(false);
  expect(sameAddress(undefined, undefined)).toBe(true);
});
