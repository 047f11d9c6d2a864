import { describe, expect, it } from 'vitest';
import { FAR, idleMonth, NEAR, unitsOf } from './bill.ts';
import { MESSAGES } from './figures.ts';
import { GOALS, IDLE_TWINS } from './page.ts';
import { beyondPlan, listPrice } from './prices.ts';

describe('what docs/cost.md promises', () => {
  it.each(['online', 'onlineCustody', 'stored', 'federated'] as const)(
    'a million messages %s, near and far',
    (name) => {
      for (const distance of [NEAR, FAR]) {
        expect(listPrice(unitsOf(MESSAGES[name], 1e6, distance))).toBeLessThanOrEqual(GOALS[name]);
      }
    },
  );

  it('custody one by one for at most a tenth more than without', () => {
    const price = (name: 'onlineSingly' | 'onlineCustodySingly') => listPrice(unitsOf(MESSAGES[name], 1e6, NEAR));
    expect(price('onlineCustodySingly')).toBeLessThanOrEqual(1.1 * price('onlineSingly'));
  });

  it('10,000 idle twins, a month', () => {
    expect(beyondPlan(idleMonth(IDLE_TWINS))).toBeLessThanOrEqual(GOALS.idle);
  });
});

describe('a bill', () => {
  it('is the sum of its units at list price, or of what exceeds the allowance', () => {
    const units = {
      requests: 11e6,
      objectRequests: 3e6,
      rowsWritten: 51e6,
      rowsRead: 26e9,
      kvReads: 12e6,
      cpuMs: 40e6,
      gbSeconds: 1.4e6,
      logLines: 30e6,
    };
    expect(listPrice(units)).toBeCloseTo(3.3 + 0.45 + 51 + 26 + 6 + 0.8 + 17.5 + 18);
    expect(beyondPlan(units)).toBeCloseTo(0.3 + 0.3 + 1 + 1 + 1 + 0.2 + 12.5 + 6);
  });
});
