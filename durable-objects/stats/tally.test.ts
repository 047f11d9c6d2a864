import { describe, expect, it } from 'vitest';
import { Histogram } from './meters.ts';
import { Tally } from './tally.ts';

const NOW = 1_800_000_000_000;
const FIVE_MINUTES = 300_000;

describe('Tally', () => {
  it('wants a report after many events, or at an event after five minutes, and never without an event', () => {
    const tally = new Tally(NOW);
    expect(tally.isDue(NOW + FIVE_MINUTES)).toBe(false);
    tally.count('relay_message_rx');
    expect([tally.isDue(NOW), tally.isDue(NOW + FIVE_MINUTES)]).toEqual([false, true]);
    for (let n = 0; n < 999; n += 1) tally.count('relay_message_rx');
    expect(tally.isDue(NOW)).toBe(true);
  });

  it('wants a report five seconds after the last one at the earliest', () => {
    const tally = new Tally(NOW);
    tally.take(NOW);
    for (let n = 0; n < 5_000; n += 1) tally.count('relay_message_rx');
    expect([tally.isDue(NOW + 4_999), tally.isDue(NOW + 5_000)]).toEqual([false, true]);
  });

  it('bounds the labels that strangers choose, and counts the rest together', () => {
    const tally = new Tally(NOW);
    for (let n = 0; n < 100; n += 1) tally.count('federation_message_error', 1, `${n}.example`);
    const counts = tally.peek();
    expect(Object.keys(counts).length).toBeLessThanOrEqual(17);
    expect(counts['federation_message_error|other']).toBe(84);
    expect(tally.isDue(NOW)).toBe(false);
  });

  it('returns all counts once, with those restored after a sleep', () => {
    const histogram = new Histogram('relay_delivery_seconds', [1]);
    const slept = new Tally(NOW, undefined, [histogram]);
    slept.count('relay_message_rx', 2);
    histogram.observe(0.5);
    const tally = new Tally(NOW);
    tally.restore(slept.peek());
    tally.count('relay_message_rx', 1);
    expect(tally.take(NOW)).toEqual({
      relay_message_rx: 3,
      'relay_delivery_seconds|1': 1,
      'relay_delivery_seconds|sum': 0.5,
    });
    expect(tally.peek()).toEqual({});
    expect(tally.isDue(NOW + FIVE_MINUTES)).toBe(false);
  });
});
