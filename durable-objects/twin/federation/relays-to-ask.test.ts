import { describe, expect, it } from 'vitest';
import { relaysToAsk } from './relays-to-ask.ts';

describe('the relays of a twin', () => {
  it('hold a host once, whatever its ports and spellings are', () => {
    const entry = 'web.example_WEB.example.:443_wss://web.example:80_web.example:8080_relay.example';
    expect(relaysToAsk(entry, false)).toEqual(['web.example', 'relay.example']);
  });

  it('are four at most', () => {
    expect(relaysToAsk('a.b_c.d_e.f_g.h_i.j', false)).toEqual(['a.b', 'c.d', 'e.f', 'g.h']);
  });

  it('hold private hosts only when those are allowed, and then each port', () => {
    const entry = 'localhost:1_localhost:2_relay.example';
    expect(relaysToAsk(entry, false)).toEqual(['relay.example']);
    expect(relaysToAsk(entry, true)).toEqual(['localhost:1', 'localhost:2', 'relay.example']);
    expect(relaysToAsk('10.0.0.1_localhost', false)).toBe('private');
  });

  it('may be none', () => {
    expect([relaysToAsk(null, true), relaysToAsk('what is this/', true)]).toEqual(['none', 'none']);
  });
});
