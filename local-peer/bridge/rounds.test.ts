import fc from 'fast-check';
import { expect, it } from 'vitest';
import { roundsOf } from './rounds.ts';

it('asks a twin that is named twice under two uids', () => {
  expect(roundsOf('u', [2, 1, 2], new Set([1]))).toEqual([
    { uid: 'u', asked: [2, 1], places: new Map([[2, 0]]) },
    { uid: 'u.1', asked: [2], places: new Map([[2, 2]]) },
  ]);
});

it('holds each destination that is open once, and no uid twice for one twin', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), fc.array(fc.nat(20)), (destinations, done) => {
      const settled = new Set(done);
      const rounds = roundsOf('u', destinations, settled);
      const places = rounds.flatMap((round) => [...round.places.values()]).sort((a, b) => a - b);
      expect(places).toEqual(destinations.map((_, place) => place).filter((place) => !settled.has(place)));
      expect(new Set(rounds.map(({ uid }) => uid)).size).toBe(rounds.length);
      for (const { places: open } of rounds) {
        for (const [twin, place] of open) expect(destinations[place]).toBe(twin);
      }
    }),
  );
});
