import { expect, it } from 'vitest';
import { fieldOf } from './claimed-entry.ts';
import { digestOf, RecentClaims } from './recent-claims.ts';

const field = (order: number) => fieldOf(order, `uid-${order}`);
const orderText = (order: number) => String(order).padStart(16, '0');

it('returns the claims after an order, in their order', () => {
  const recent = new RecentClaims();
  for (const order of [10, 9, 100]) recent.add(field(order), `entry ${order}`);
  expect(recent.after(orderText(9))).toEqual([
    { field: field(10), digest: digestOf('entry 10') },
    { field: field(100), digest: digestOf('entry 100') },
  ]);
  expect(recent.after(orderText(100))).toEqual([]);
});

it('keeps the newest claims', () => {
  const recent = new RecentClaims(2);
  for (const order of [1, 2, 2, 3]) recent.add(field(order), 'entry');
  expect([1, 2, 3].map((order) => recent.has(field(order)))).toEqual([false, true, true]);
});
