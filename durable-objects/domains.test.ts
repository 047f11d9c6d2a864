import { describe, expect, it } from 'vitest';
import { isOurs } from './domains.ts';

describe('isOurs', () => {
  it.each([
    ['relay.example.com', 'relay.example.com', true],
    ['relay.example.com', 'other.example.com', false],
    ['localhost:8787', 'localhost:8787', true],
    // Rust peers write no port, Go writes one.
    ['localhost:8787', 'localhost', true],
    ['relay.example.com', 'relay.example.com:8443', true],
    ['localhost:8787', 'localhost:8788', false],
    ['[2001:db8::1]', '[2001:db8::1]:8443', true],
    ['[2001:db8::1]', '[2001:db8::2]', false],
  ])('own name %s, on chain %s: %s', (own, onChain, expected) => {
    expect(isOurs([onChain], [own])).toBe(expected);
  });

  it('is ours when any of several domains is', () => {
    expect(isOurs(['a.example', 'b.example'], ['c.example', 'b.example'])).toBe(true);
    expect(isOurs([], ['c.example'])).toBe(false);
  });
});
