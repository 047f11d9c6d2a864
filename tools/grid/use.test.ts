import { describe, expect, it } from 'vitest';
import { WATCHER } from '../checks/cost/figures.ts';
import { beyondPlan } from '../checks/cost/prices.ts';
import { run } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import { minus, monthOf, monthPrice, price } from './use.ts';

const SETUP = { seed: 1, rateLimit: { messages: 0, bytes: 0 }, mailboxMessages: 100 };
const MONTH_MS = 30 * 86_400_000;

describe('the use of a run', () => {
  const { use, asked } = run({ ...SCENARIOS.apart, nodes: 300, pollers: 1, fromMs: 0 }, 1, SETUP);

  it('is what the traffic makes: each request has a reply, and a call for each and for the receipt', () => {
    expect(use.messages).toBe(2 * asked);
    expect(use.calls).toBe(3 * asked);
    // Two frames for a request and its reply, at 20 for one request, and the calls.
    expect(use.objectRequests).toBeGreaterThanOrEqual((2 * asked) / 20 + 3 * asked);
    expect([use.requests, use.kvWrites]).toEqual([0, 0]);
  });

  it('is nothing between one moment and the same', () => {
    expect(Object.values(minus(use, use)).every((value) => value === 0)).toBe(true);
  });

  it('makes a month with the following of the chain', () => {
    const month = monthOf(use, MONTH_MS / 2);
    expect(month.objectRequests).toBeCloseTo(2 * use.objectRequests + WATCHER.objectRequests);
    expect(month.messages).toBe(2 * use.messages);
  });

  it('prices writes to KV beyond the allowance of a month, and all of them at list price', () => {
    const written = { ...use, kvWrites: 3e6 };
    expect(monthPrice(written)).toBeCloseTo(beyondPlan(use) + 10);
    expect(price(written) - price(use)).toBeCloseTo(15);
  });
});
