import { describe, expect, it } from 'vitest';
import { CATALOGUE, type Metric } from './catalogue.ts';

const metrics: readonly Metric[] = CATALOGUE;

describe('CATALOGUE', () => {
  it('has names and labels that Prometheus accepts, each name once', () => {
    for (const { name, label = 'none' } of metrics) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
    }
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  });

  it('ends the names of counters with _total, and no other names', () => {
    for (const { name, type } of metrics) expect(name.endsWith('_total')).toBe(type === 'counter');
  });

  it('has growing buckets for each histogram, and for no other metric', () => {
    for (const { type, buckets } of metrics) {
      expect(buckets !== undefined).toBe(type === 'histogram');
      expect(buckets).toEqual(buckets?.toSorted((a, b) => a - b));
    }
  });

  it('keeps the names of the Rust relay', () => {
    const names = metrics.map(({ name }) => name);
    for (const name of [
      'relay_message_rx',
      'relay_message_tx',
      'relay_worker_connections',
      'federation_message_error',
    ]) {
      expect(names).toContain(name);
    }
  });
});
