import { describe, expect, it } from 'vitest';
import { differs, profileFor } from './registration.ts';

const pk = new Uint8Array(33).fill(2);
const twin = (relay: string | null, key: Uint8Array | null = pk) => ({
  id: 1,
  account: new Uint8Array(32),
  relay,
  pk: key,
});

describe('profileFor', () => {
  it('joins domains, with a port where it is not the scheme’s', () => {
    const urls = ['wss://relay.grid.tf:443', 'ws://localhost:8787', 'wss://relay.grid.tf'].map((url) => new URL(url));
    expect(profileFor(urls, pk, null).relay).toBe('relay.grid.tf_localhost:8787');
  });

  it('adds the own relays to the kept ones, each once, in any spelling', () => {
    const own = [new URL('wss://a.example')];
    expect(profileFor(own, pk, 'b.example_wss://A.example/').relay).toBe('a.example_b.example');
    const kept = twin('b.example_a.example');
    expect(differs(kept, profileFor(own, pk, kept.relay))).toBe(false);
  });
});

describe('differs', () => {
  const profile = { relay: 'a.example_b.example', pk };

  it('accepts the same relays in any order', () => {
    expect(differs(twin('b.example_a.example'), profile)).toBe(false);
  });

  it('accepts the same relays in another spelling', () => {
    expect(differs(twin('B.example:443_wss://a.example./'), profile)).toBe(false);
  });

  it.each([
    ['no relay', twin(null)],
    ['fewer relays', twin('a.example')],
    ['no key', twin('a.example_b.example', null)],
    ['another key', twin('a.example_b.example', new Uint8Array(33).fill(3))],
  ])('finds %s', (_, known) => {
    expect(differs(known, profile)).toBe(true);
  });
});
