import { describe, expect, it } from 'vitest';
import { KnownRelays } from './known-relays.ts';

const HOUR = 3_600_000;

describe('a host on chain', () => {
  it('that answers oddly is left alone for an hour', () => {
    const relays = new KnownRelays();
    relays.answeredOddly('web.example', 0);
    expect([0, HOUR - 1, HOUR].map((now) => relays.standing('web.example', now))).toEqual([
      'not-a-relay',
      'not-a-relay',
      'ask',
    ]);
    expect(relays.standing('relay.example', 0)).toBe('ask');
  });

  it('that took a message is a relay, whatever it answers later', () => {
    const relays = new KnownRelays();
    relays.accepted('relay.example');
    relays.answeredOddly('relay.example', 0);
    for (let n = 0; n < 20; n += 1) relays.failed('relay.example', 0);
    expect(relays.standing('relay.example', 0)).toBe('ask');
  });

  it('that failed eight times in a row rests for 30 s, and again after one more failure', () => {
    const relays = new KnownRelays();
    for (let n = 0; n < 7; n += 1) relays.failed('a.example', 0);
    expect(relays.standing('a.example', 0)).toBe('ask');
    relays.failed('a.example', 0);
    expect([29_999, 30_000].map((now) => relays.standing('a.example', now))).toEqual(['rests', 'ask']);
    relays.failed('a.example', 30_000);
    expect(relays.standing('a.example', 59_999)).toBe('rests');
  });

  it('is forgotten when ten thousand others came after it', () => {
    const relays = new KnownRelays();
    for (let n = 0; n <= 10_000; n += 1) relays.answeredOddly(`${n}.example`, 0);
    expect(['0.example', '1.example'].map((name) => relays.standing(name, 0))).toEqual(['ask', 'not-a-relay']);
  });
});
