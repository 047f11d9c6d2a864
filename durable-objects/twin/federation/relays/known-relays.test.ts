import { describe, expect, it } from 'vitest';
import { KnownRelays } from './known-relays.ts';

const HOUR = 3_600_000;

describe('KnownRelays', () => {
  it('asks a host that responds oddly again after an hour', () => {
    const relays = new KnownRelays();
    relays.respondedOddly('web.example', 0);
    expect([0, HOUR - 1, HOUR].map((now) => relays.status('web.example', now))).toEqual([
      'not-a-relay',
      'not-a-relay',
      'ask',
    ]);
    expect(relays.status('relay.example', 0)).toBe('ask');
  });

  it('takes a host that accepted an envelope for a relay, whatever it responds later', () => {
    const relays = new KnownRelays();
    relays.accepted('relay.example');
    relays.respondedOddly('relay.example', 0);
    for (let n = 0; n < 20; n += 1) relays.failed('relay.example', 0);
    expect(relays.status('relay.example', 0)).toBe('ask');
  });

  it('pauses a host for 30 s after eight failures in a row, and again after one more', () => {
    const relays = new KnownRelays();
    for (let n = 0; n < 7; n += 1) relays.failed('a.example', 0);
    expect(relays.status('a.example', 0)).toBe('ask');
    relays.failed('a.example', 0);
    expect([29_999, 30_000].map((now) => relays.status('a.example', now))).toEqual(['paused', 'ask']);
    relays.failed('a.example', 30_000);
    expect(relays.status('a.example', 59_999)).toBe('paused');
  });

  it('forgets a host after ten thousand others', () => {
    const relays = new KnownRelays();
    for (let n = 0; n <= 10_000; n += 1) relays.respondedOddly(`${n}.example`, 0);
    expect(['0.example', '1.example'].map((name) => relays.status(name, 0))).toEqual(['ask', 'not-a-relay']);
  });

  it('knows our software by its last answer that was accepted or had an outcome', () => {
    const relays = new KnownRelays();
    expect(relays.isEdge('a.example')).toBe(false);
    relays.failed('a.example', 0);
    relays.accepted('a.example', true);
    relays.failed('a.example', 0);
    relays.respondedOddly('a.example', 0);
    expect([relays.isEdge('a.example'), relays.status('a.example', 0)]).toEqual([true, 'ask']);
    relays.accepted('a.example');
    expect(relays.isEdge('a.example')).toBe(false);
  });
});
