import { describe, expect, it } from 'vitest';
import { isOwnRelay, ownDomains } from './domains.ts';

describe('ownDomains', () => {
  it('returns the configured names, or the host if there are none', () => {
    expect(ownDomains(['a.example'], 'b.example')).toEqual(['a.example']);
    expect(ownDomains([], 'b.example')).toEqual(['b.example']);
  });
});

describe('isOwnRelay', () => {
  it.each([
    ['relay.example.com', 'relay.example.com', true],
    ['relay.example.com', 'other.example.com', false],
    ['localhost:8787', 'localhost:8787', true],
    // Rust peers write no port, Go peers do.
    ['localhost:8787', 'localhost', true],
    ['relay.example.com', 'relay.example.com:8443', true],
    ['localhost:8787', 'localhost:8788', false],
    ['[2001:db8::1]', '[2001:db8::1]:8443', true],
    ['[2001:db8::1]', '[2001:db8::2]', false],
  ])('compares the own name %s with %s on chain: %s', (own, onChain, expected) => {
    expect(isOwnRelay([onChain], [own])).toBe(expected);
  });

  it('accepts any of several domains', () => {
    expect(isOwnRelay(['a.example', 'b.example'], ['c.example', 'b.example'])).toBe(true);
    expect(isOwnRelay([], ['c.example'])).toBe(false);
  });
});
