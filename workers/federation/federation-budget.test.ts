import { describe, expect, it } from 'vitest';
import { FederationBudget } from './federation-budget.ts';

const MINUTE = 60_000;

describe('the budget of a source twin', () => {
  it('counts messages and bytes of each twin, and starts again each minute', () => {
    const budget = new FederationBudget();
    const limit = { messages: 2, bytes: 100 };
    expect([1, 1, 1, 2].map((twin) => budget.spend(twin, 10, limit, 0))).toEqual([true, true, false, true]);
    expect([60, 41, 40].map((bytes) => budget.spend(3, bytes, limit, 0))).toEqual([true, false, true]);
    expect(budget.spend(1, 10, limit, MINUTE - 1)).toBe(false);
    expect(budget.spend(1, 10, limit, MINUTE)).toBe(true);
  });

  it('is unlimited where the limit is 0', () => {
    const budget = new FederationBudget();
    for (let n = 0; n < 100; n += 1) expect(budget.spend(1, 1e9, { messages: 0, bytes: 0 }, 0)).toBe(true);
    expect([1, 2].map(() => budget.spend(1, 1e9, { messages: 1, bytes: 0 }, 0))).toEqual([true, false]);
    expect([1, 2].map(() => budget.spend(2, 60, { messages: 0, bytes: 100 }, 0))).toEqual([true, false]);
  });
});

describe('the refresh of a key', () => {
  it('is allowed once a minute for a twin', () => {
    const budget = new FederationBudget();
    expect([0, 1, MINUTE - 1, MINUTE].map((now) => budget.refresh(1, now))).toEqual(['now', 'recent', 'recent', 'now']);
  });

  it('is allowed sixty times a minute in all, however many twins strangers name', () => {
    const budget = new FederationBudget();
    const answers = Array.from({ length: 200 }, (_, twin) => budget.refresh(twin, 0));
    expect(answers.filter((each) => each === 'now')).toHaveLength(60);
    expect(answers.at(-1)).toBe('spent');
    expect(budget.refresh(0, 1)).toBe('recent');
    expect(budget.refresh(1000, MINUTE)).toBe('now');
  });
});
