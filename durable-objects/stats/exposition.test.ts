import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELIVERY_BUCKETS } from './catalogue.ts';
import { type Counts, count, merge } from './counts.ts';
import { exposition } from './exposition.ts';
import { Histogram } from './meters.ts';

/** Returns the value of one line. */
function valueIn(text: string, line: string): number | undefined {
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('exposition', () => {
  it('shows each metric without a label from the start, and others from their first value', () => {
    const empty = exposition({});
    expect(valueIn(empty, 'relay_message_rx')).toBe(0);
    expect(empty).not.toContain('federation_message_error');
    const counts: Counts = {};
    count(counts, 'federation_message_error', 2, 'relay.example:8443');
    expect(valueIn(exposition(counts), 'federation_message_error{relay="relay.example:8443"}')).toBe(2);
  });

  it('writes help and type of each metric once, before its values', () => {
    const counts: Counts = {};
    for (const reason of ['offline', 'unknown-twin']) count(counts, 'relay_messages_dropped_total', 1, reason);
    const lines = exposition(counts).split('\n');
    const at = lines.indexOf('# TYPE relay_messages_dropped_total counter');
    expect(lines.slice(at - 1, at + 3)).toEqual([
      '# HELP relay_messages_dropped_total Messages refused or dropped, by reason',
      '# TYPE relay_messages_dropped_total counter',
      'relay_messages_dropped_total{reason="offline"} 1',
      'relay_messages_dropped_total{reason="unknown-twin"} 1',
    ]);
    expect(lines.filter((line) => line.startsWith('# TYPE relay_messages_dropped_total'))).toHaveLength(1);
  });

  it('escapes the values of labels', () => {
    const counts: Counts = {};
    count(counts, 'federation_message_error', 1, 'a"b\\c\nd');
    expect(exposition(counts)).toContain('federation_message_error{relay="a\\"b\\\\c\\nd"} 1');
  });

  it('writes cumulative histograms', () => {
    const seconds = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(seconds, seconds, (some, others) => {
        const [counts, more]: [Counts, Counts] = [{}, {}];
        const histogram = new Histogram('relay_delivery_seconds', DELIVERY_BUCKETS);
        for (const each of some) histogram.observe(each);
        histogram.drainInto(counts);
        for (const each of others) histogram.observe(each);
        histogram.drainInto(more);
        merge(counts, more);
        const text = exposition(counts);
        const all = [...some, ...others];
        for (const bound of DELIVERY_BUCKETS) {
          const expected = all.filter((each) => each <= bound).length;
          expect(valueIn(text, `relay_delivery_seconds_bucket{le="${bound}"}`)).toBe(expected);
        }
        expect(valueIn(text, 'relay_delivery_seconds_bucket{le="+Inf"}')).toBe(all.length);
        expect(valueIn(text, 'relay_delivery_seconds_count')).toBe(all.length);
        expect(valueIn(text, 'relay_delivery_seconds_sum')).toBeCloseTo(
          all.reduce((sum, each) => sum + each, 0),
          6,
        );
      }),
    );
  });
});
