import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoutedEnvelope } from './routed-envelope.ts';
import { fateOf, type Stop, secondsUntilRetry, stopAfter } from './stop.ts';

const NOW = 1_800_000_000_000;

const envelope = (fields: Partial<RoutedEnvelope> = {}): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2 },
  bytes: new Uint8Array(1),
  isRequest: true,
  failFast: false,
  arrivedAt: NOW,
  expiresAt: NOW / 1000 + 20,
  ...fields,
});
const REPLY = { isRequest: false };
const CUSTODY = { origin: { twin: 1, connection: 1, sequence: 1 } };
const NEVER_RAN = { neverRan: true, isCrowded: false };
const stop = (until: number, since = NOW): Stop => ({ since, failures: 1, until });

/** Stops one after the other, each as soon as the one before allows its probe. */
function stops(failures: number, random: number): Stop[] {
  const all: Stop[] = [];
  for (let n = 0; n < failures; n += 1) all.push(stopAfter(all.at(-1), all.at(-1)?.until ?? NOW, random));
  return all;
}

describe('the pause before a probe', () => {
  it('is at least 0.2 s and at most 3.2 s, and may be twice as long after each failure', () => {
    const pauses = (random: number) => stops(7, random).map(({ until }, n, all) => until - (all[n - 1]?.until ?? NOW));
    expect(pauses(0)).toEqual([200, 200, 200, 200, 200, 200, 200]);
    expect(pauses(1)).toEqual([400, 800, 1600, 3200, 3200, 3200, 3200]);
  });

  it('is anywhere in its range, so that senders do not probe together', () => {
    fc.assert(
      fc.property(fc.nat(12), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const last = stops(failures + 1, random).at(-1);
        const longest = Math.min(200 * 2 ** (failures + 1), 3_200);
        expect(last?.failures).toBe(failures + 1);
        const before = stops(failures, random).at(-1)?.until ?? NOW;
        const share = ((last?.until ?? 0) - before - 200) / (longest - 200);
        expect(Math.abs(share - random)).toBeLessThanOrEqual(0.01);
      }),
    );
  });

  it('starts again some time after the last one', () => {
    const [first, second] = [stopAfter(undefined, NOW, 1), stopAfter(stop(NOW), NOW + 9_999, 1)];
    expect([first.failures, second.failures, second.since]).toEqual([1, 2, NOW]);
    expect(stopAfter(stop(NOW), NOW + 10_000, 1)).toEqual({ ...first, since: NOW + 10_000, until: NOW + 10_400 });
  });
});

describe('the seconds after which a refused request may come again', () => {
  it('grow with the pause, and differ', () => {
    const [short, long] = [stop(NOW), { ...stop(NOW), failures: 9 }];
    expect([0, 1].map((random) => secondsUntilRetry(short, random))).toEqual([1, 1]);
    expect([0, 0.5, 1].map((random) => secondsUntilRetry(long, random))).toEqual([4, 5, 7]);
  });
});

describe('the fate of an envelope that the object never got', () => {
  it('is to wait while the next probe comes in the first half of a request’s time', () => {
    expect(fateOf(envelope(), stop(NOW + 9_999), NEVER_RAN)).toBe('wait');
    expect(fateOf(envelope(), stop(NOW + 10_000), NEVER_RAN)).toEqual({ refuse: 'overloaded' });
    expect(fateOf(envelope({ expiresAt: NOW / 1000 }), stop(NOW + 1), NEVER_RAN)).toEqual({ refuse: 'overloaded' });
  });

  it('is to wait for a reply, whatever its time', () => {
    expect(fateOf(envelope({ ...REPLY, expiresAt: NOW / 1000 }), stop(NOW + 29_999), NEVER_RAN)).toBe('wait');
  });

  it('is to go back to a client with custody before it repeats by itself', () => {
    for (const kind of [{}, REPLY]) {
      const held = envelope({ ...CUSTODY, ...kind });
      expect(fateOf(held, stop(NOW + 2_499), NEVER_RAN)).toBe('wait');
      expect(fateOf(held, stop(NOW + 2_500), NEVER_RAN)).toEqual({ refuse: 'undelivered' });
    }
  });

  it('is not to wait in memory for long, or if there are too many', () => {
    for (const [when, isCrowded] of [
      [stop(NOW + 30_000), false],
      [stop(NOW + 1), true],
    ] as const) {
      const late = { arrivedAt: when.until, expiresAt: when.until / 1000 + 3600 };
      expect(fateOf(envelope({ ...late, ...REPLY }), when, { neverRan: true, isCrowded })).toBe('store');
      expect(fateOf(envelope(late), when, { neverRan: true, isCrowded })).toEqual({ refuse: 'overloaded' });
      expect(fateOf(envelope({ ...late, ...CUSTODY }), when, { neverRan: true, isCrowded })).toEqual({
        refuse: 'undelivered',
      });
    }
  });

  it('is to go again for 30 s if the object may have got it', () => {
    const lost = { neverRan: false, isCrowded: false };
    expect(fateOf(envelope(REPLY), stop(NOW + 29_999), lost)).toBe('wait');
    expect(fateOf(envelope(REPLY), stop(NOW + 29_999), { ...lost, isCrowded: true })).toBe('store');
    expect(fateOf(envelope(REPLY), stop(NOW + 30_000), lost)).toEqual({ refuse: 'undelivered' });
  });
});
