import { describe, expect, it } from 'vitest';
import { Clock, type SkewVerdict, skewByBlock } from './clock.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const DAY = 86_400;
const YEAR_2100 = 'Fri, 01 Jan 2100 00:00:00 GMT';
const date = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
function rig() {
  const told: [number, SkewVerdict, string][] = [];
  const clock = new Clock(
    () => NOW,
    (skew, verdict, relay) => void told.push([Math.round(skew), verdict, relay]),
  );
  const measure = (skews: Record<string, number>) => {
    for (const [relay, off] of Object.entries(skews)) clock.measure(relay, date(off), NOW);
  };
  const off = () => clock.seconds() - NOW / 1000;
  const offAt = (relay: string) => clock.secondsAt(relay) - NOW / 1000;
  return { clock, told, measure, off, offAt, chain: (seconds: number) => clock.measureChain(NOW + seconds * 1000) };
}

describe('Clock', () => {
  it('is believed until others say otherwise, by more than 5 s', () => {
    const { clock, told, measure, off } = rig();
    expect([clock.skew, off()]).toEqual([undefined, 0]);
    measure({ a: 4, b: 4 });
    expect([clock.skew, off(), told]).toEqual([4.5, 0, []]);
  });

  it('is corrected by relay and chain, a day in both directions, and tells until it is right again', () => {
    for (const skew of [DAY, -DAY]) {
      const { clock, told, measure, off, offAt, chain } = rig();
      chain(skew);
      measure({ a: skew });
      expect([off(), offAt('a'), clock.local()]).toEqual([skew, skew, NOW]);
      chain(0);
      measure({ a: 0 });
      expect([off(), offAt('a')]).toEqual([0, 0]);
      expect(told.map(([, verdict]) => verdict)).toEqual(['believed', 'right']);
    }
  });

  it('never follows a relay that is more than 10 minutes from the chain, or from us without a chain', () => {
    for (const seconds of [undefined, 0, -5]) {
      const { clock, told, off, offAt, chain } = rig();
      if (seconds !== undefined) chain(seconds);
      clock.measure('a', YEAR_2100, NOW);
      clock.measure('b', date(601), NOW);
      expect([off(), offAt('a'), offAt('b'), clock.latest()]).toEqual([0, 0, 0, NOW / 1000]);
      expect(told.map(([, verdict]) => verdict)).toEqual(['refused', 'refused']);
    }
  });

  it('stamps with the time of no relay alone, and shows that relay its own', () => {
    const { measure, off, offAt, chain } = rig();
    measure({ a: 500 });
    expect([off(), offAt('a'), offAt('b')]).toEqual([0, 500, 0]);
    chain(0);
    expect([off(), offAt('a')]).toEqual([0, 500]);
    chain(498);
    expect(off()).toBe(498);
  });

  it('follows a chain only as far as a relay confirms it', () => {
    const { measure, off, offAt, chain } = rig();
    chain(Date.parse(YEAR_2100) / 1000 - NOW / 1000);
    expect(off()).toBe(0);
    measure({ a: 0, b: 0 });
    expect([off(), offAt('a')]).toEqual([0, 0]);
  });

  it('is believed again when it was set, until others say otherwise', () => {
    const { clock, measure, off, offAt, chain } = rig();
    chain(3600);
    measure({ a: 3600 });
    clock.forget();
    expect([clock.skew, off(), offAt('a')]).toEqual([undefined, 0, 0]);
    // The chain's word is gone, too.
    measure({ a: 3600 });
    expect([off(), offAt('a')]).toEqual([0, 0]);
  });

  it('is never turned back for what others ask', () => {
    const { clock, measure, off, chain } = rig();
    chain(-3600);
    measure({ a: -3600 });
    expect([off(), clock.latest()]).toEqual([-3600, NOW / 1000]);
    chain(3600);
    measure({ a: 3600 });
    expect(clock.latest()).toBe(NOW / 1000 + 3600);
  });

  it('shows each relay its own time, and follows the middle of several', () => {
    const { measure, off, offAt } = rig();
    measure({ a: 500, b: 0, c: 0 });
    expect([off(), offAt('a'), offAt('b')]).toEqual([0, 500, 0]);
    measure({ b: 400, c: 598 });
    expect(off()).toBe(500);
  });

  it('takes half of the time on the way for the way there, and no date for none', () => {
    const { clock } = rig();
    clock.measure('a', 'yesterday', NOW);
    expect(clock.skew).toBeUndefined();
    clock.measure('a', date(0), NOW - 2000);
    expect(clock.skew).toBe(1.5);
  });
});

describe('skewByBlock', () => {
  it('holds the age of a block against nobody', () => {
    expect([0, -6, -12.9].map(skewByBlock)).toEqual([0, 0, 0]);
    expect([-13, -60, 1].map(skewByBlock)).toEqual([-13, -60, 1]);
  });
});
