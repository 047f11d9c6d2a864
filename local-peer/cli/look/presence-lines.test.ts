import { expect, it } from 'vitest';
import type { Presence } from '../../../client/presence.ts';
import { presenceJson, presenceLine } from './presence-lines.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const of = (fields: Partial<Presence>): Presence => ({
  twin: 7,
  state: 'away',
  relay: 'relay.example',
  waiting: 0,
  seenAt: undefined,
  ...fields,
});

it('says for people who is connected, who was seen when, and for whom messages wait', () => {
  const seen = (seconds: number) => new Date(NOW - seconds * 1000);
  expect(
    [
      of({ state: 'connected', seenAt: seen(1) }),
      of({ waiting: 1, seenAt: seen(119) }),
      of({ waiting: 3, seenAt: seen(3600) }),
      of({ seenAt: seen(86_400) }),
      of({ seenAt: seen(30 * 86_400) }),
      of({}),
      of({ state: 'unknown' }),
      of({ state: 'unavailable' }),
    ].map((presence) => presenceLine(presence, NOW)),
  ).toEqual([
    'twin 7: connected (relay.example)',
    'twin 7: not connected here, last seen 119 s ago, 1 message waits (relay.example)',
    'twin 7: not connected here, last seen 60 min ago, 3 messages wait (relay.example)',
    'twin 7: not connected here, last seen 24 h ago (relay.example)',
    'twin 7: not connected here, last seen 30 days ago (relay.example)',
    'twin 7: not connected here (relay.example)',
    'twin 7: the chain knows no such twin (relay.example)',
    'twin 7: the relay cannot tell now (relay.example)',
  ]);
});

it('tells the same to programs', () => {
  expect(presenceJson(of({ seenAt: new Date(NOW) }))).toEqual({
    twin: 7,
    state: 'away',
    relay: 'relay.example',
    waiting: 0,
    seenAt: '2026-11-30T12:00:00.000Z',
  });
});
