import { describe, expect, it } from 'vitest';
import { Clock } from './clock.ts';

const NOW = Date.parse('2026-11-25T12:00:00.000Z');
const date = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
function rig() {
  const told: [number, boolean, string][] = [];
  const clock = new Clock(
    () => NOW,
    (skew, isWrong, relay) => void told.push([Math.round(skew), isWrong, relay]),
  );
  return { clock, told };
}

describe('Clock', () => {
  it('is believed until a relay says otherwise, by more than 5 s', () => {
    const { clock, told } = rig();
    expect([clock.skew, clock.seconds()]).toEqual([undefined, NOW / 1000]);
    clock.measure('a', date(4), NOW);
    expect([clock.skew, clock.seconds()]).toEqual([4.5, NOW / 1000]);
    expect(told).toEqual([]);
  });

  it('is put right, in both directions, and says so until it is right again', () => {
    for (const off of [86_400, -86_400]) {
      const { clock, told } = rig();
      clock.measure('a', date(off), NOW);
      expect(clock.seconds() - NOW / 1000).toBe(off);
      expect(clock.local()).toBe(NOW);
      clock.measure('a', date(0), NOW);
      expect(clock.seconds()).toBe(NOW / 1000);
      expect(told.map(([, isWrong]) => isWrong)).toEqual([true, false]);
    }
  });

  it('is believed again when it was set, until a relay says otherwise', () => {
    const { clock } = rig();
    clock.measure('a', date(3600), NOW);
    clock.forget();
    expect([clock.skew, clock.seconds(), clock.secondsAt('a')]).toEqual([undefined, NOW / 1000, NOW / 1000]);
  });

  it('is never turned back by a relay for what others ask', () => {
    const { clock } = rig();
    clock.measure('a', date(-3600), NOW);
    expect([clock.seconds(), clock.latest()]).toEqual([NOW / 1000 - 3600, NOW / 1000]);
    clock.measure('a', date(3600), NOW);
    expect(clock.latest()).toBe(NOW / 1000 + 3600);
  });

  it('shows each relay its own time, and follows no relay that is alone with it', () => {
    const { clock } = rig();
    for (const [relay, off] of [
      ['a', 3600],
      ['b', 0],
      ['c', 0],
    ] as const)
      clock.measure(relay, date(off), NOW);
    expect(clock.seconds()).toBe(NOW / 1000);
    expect(clock.secondsAt('a')).toBe(NOW / 1000 + 3600);
    expect(clock.secondsAt('b')).toBe(NOW / 1000);
  });

  it('takes half of the time on the way for the way there, and no date for none', () => {
    const { clock } = rig();
    clock.measure('a', 'yesterday', NOW);
    expect(clock.skew).toBeUndefined();
    clock.measure('a', date(0), NOW - 2000);
    expect(clock.skew).toBe(1.5);
  });
});
