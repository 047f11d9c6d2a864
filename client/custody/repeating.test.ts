import { describe, expect, it } from 'vitest';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { OurPeers } from './our-peers.ts';
import { Repeating } from './repeating.ts';

const DAY_MS = 86_400_000;

describe('OurPeers', () => {
  it('knows a session for a day, and takes an empty sid for none', () => {
    const ours = new OurPeers();
    ours.sealed({ twin: 1, connection: '' }, 0);
    expect([ours.has({ twin: 1 }, DAY_MS - 1), ours.has({ twin: 1 }, DAY_MS)]).toEqual([true, false]);
    expect(ours.has({ twin: 1, connection: 'x' }, 0)).toBe(false);
  });

  it('forgets the one that it has not heard for longest', () => {
    const ours = new OurPeers(2);
    for (const twin of [1, 2, 1, 3]) ours.sealed({ twin }, 0);
    expect([1, 2, 3].map((twin) => ours.has({ twin }, 0))).toEqual([true, false, true]);
  });
});

describe('Repeating', () => {
  const to = (twin: number, kind: 'request' | 'response' | 'ping', uid = 'u') => {
    const content: Envelope['content'] = kind === 'request' ? { kind, command: 'x' } : { kind };
    const times = { timestamp: 1n, expiration: 60n };
    return encodeEnvelope({ uid, ...times, source: { twin: 1 }, destination: { twin }, content, relays: [] });
  };
  const rig = () => {
    const repeating = new Repeating(
      async (uid) => {
        if (uid === 'broken') throw new Error('Redis is away');
        return uid !== 'unknown';
      },
      () => 0,
    );
    repeating.sealed({ twin: 2 });
    return repeating;
  };

  it('repeats replies and awaited requests to our peers', async () => {
    const repeating = rig();
    expect(await repeating.isWorthRepeating(to(2, 'response'))).toBe(true);
    expect(await repeating.isWorthRepeating(to(2, 'request'))).toBe(true);
    expect(await repeating.isWorthRepeating(to(2, 'request', 'unknown'))).toBe(false);
    expect(await repeating.isWorthRepeating(to(2, 'request', 'broken'))).toBe(false);
  });

  it('repeats nothing to peers that may see it twice, no pings, and no garbage', async () => {
    const repeating = rig();
    expect(await repeating.isWorthRepeating(to(3, 'response'))).toBe(false);
    expect(await repeating.isWorthRepeating(to(2, 'ping'))).toBe(false);
    expect(await repeating.isWorthRepeating(Uint8Array.of(255))).toBe(false);
  });

  it('repeats no request that its twin has answered', async () => {
    const repeating = rig();
    repeating.answered('u', 2);
    expect(await repeating.isWorthRepeating(to(2, 'request'))).toBe(false);
    expect(await repeating.isWorthRepeating(to(2, 'request', 'v'))).toBe(true);
  });
});
