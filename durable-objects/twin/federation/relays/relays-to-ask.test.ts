import { describe, expect, it } from 'vitest';
import { edgeFirst, relaysToAsk } from './relays-to-ask.ts';

describe('relaysToAsk', () => {
  it('returns a host once, whatever its ports and spellings are', () => {
    const entry = 'web.example_WEB.example.:443_wss://web.example:80_web.example:8080_relay.example';
    expect(relaysToAsk(entry, false)).toEqual(['web.example', 'relay.example']);
  });

  it('returns four relays at most', () => {
    expect(relaysToAsk('a.b_c.d_e.f_g.h_i.j', false)).toEqual(['a.b', 'c.d', 'e.f', 'g.h']);
  });

  it('returns private hosts only where they are allowed, and then each port', () => {
    const entry = 'localhost:1_localhost:2_relay.example';
    expect(relaysToAsk(entry, false)).toEqual(['relay.example']);
    expect(relaysToAsk(entry, true)).toEqual(['localhost:1', 'localhost:2', 'relay.example']);
    expect(relaysToAsk('10.0.0.1_localhost', false)).toBe('private');
  });

  it('says that there are none', () => {
    expect([relaysToAsk(null, true), relaysToAsk('what is this/', true)]).toEqual(['none', 'none']);
  });

  it('leaves this relay out, under each of its names', () => {
    const own = ['relay.example', 'other.example:81'];
    expect(relaysToAsk('relay.example:444_a.example_other.example:81_other.example:82', false, own)).toEqual([
      'a.example',
      'other.example:82',
    ]);
    expect(relaysToAsk('relay.example', false, own)).toBe('none');
  });
});

describe('edgeFirst', () => {
  it('moves the relays of RMB edge to the front, and keeps the order', () => {
    expect(edgeFirst(['a', 'b', 'c', 'd'], (domain) => domain === 'b' || domain === 'd')).toEqual(['b', 'd', 'a', 'c']);
  });
});
