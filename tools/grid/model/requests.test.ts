import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENDS, quantiles, Requests } from './requests.ts';

describe('the book of requests', () => {
  it('counts each request once, whatever its end', () => {
    const visit = fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      end: fc.integer({ min: 0, max: ENDS.length - 1 }),
    });
    fc.assert(
      fc.property(fc.array(visit), (visits) => {
        const requests = new Requests();
        for (const { count, end } of visits) {
          requests.end(requests.ask(0, 1, count, 0, 100), ENDS[end] ?? 'answered', count, 10);
        }
        expect(ENDS.reduce((sum, end) => sum + requests.count(end), 0)).toBe(requests.asked);
        expect(requests.open).toBe(0);
      }),
    );
  });

  it('refuses a second end', () => {
    const requests = new Requests();
    const visit = requests.ask(0, 1, 2, 0, 100);
    requests.end(visit, 'answered', 1, 5);
    expect(() => requests.end(visit, 'time over', 2, 100)).toThrow('2 requests end as time over, but 1 are open');
    expect(requests.open).toBe(1);
  });

  it('gives the receipt at the last end, once', () => {
    const requests = new Requests();
    const visit = requests.ask(0, 1, 2, 0, 100);
    let receipts = 0;
    visit.onReceipt = () => (receipts += 1);
    requests.end(visit, 'rate-limited', 1, 5);
    expect(receipts).toBe(0);
    requests.end(visit, 'answered', 1, 5);
    expect(receipts).toBe(1);
  });

  it('returns quantiles, and zeros of nothing', () => {
    expect(quantiles(Array.from({ length: 100 }, (_, n) => n))).toEqual({ p50: 50, p99: 99, last: 99 });
    expect(quantiles([])).toEqual({ p50: 0, p99: 0, last: 0 });
  });
});
