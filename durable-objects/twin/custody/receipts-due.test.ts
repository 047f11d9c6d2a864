import { describe, expect, it } from 'vitest';
import { ReceiptsDue } from './receipts-due.ts';

describe('ReceiptsDue', () => {
  it('groups receipts by twin and connection, in runs, and gives them once', () => {
    const due = new ReceiptsDue();
    for (const sequence of [1, 2, 3]) due.add(7, 70, sequence, 'delivered', 0);
    due.add(7, 71, 1, 'stored', 0);
    due.add(8, 80, 5, 'delivered', 0);
    expect(due.twins()).toEqual([7, 8]);
    expect(due.take(7)).toEqual([
      { connection: 70, first: 1, last: 3, outcome: 'delivered' },
      { connection: 71, first: 1, last: 1, outcome: 'stored' },
    ]);
    expect([due.take(7), due.twins()]).toEqual([[], [8]]);
  });

  it('presses for 64 of one twin, and for any that have waited for 500 ms', () => {
    const due = new ReceiptsDue();
    for (let sequence = 1; sequence < 64; sequence += 1) due.add(7, 70, sequence, 'delivered', 0);
    due.add(8, 80, 1, 'delivered', 100);
    expect(due.pressing(100)).toEqual([]);
    due.add(7, 70, 64, 'delivered', 100);
    expect(due.pressing(100)).toEqual([7]);
    due.take(7);
    expect([due.pressing(599), due.pressing(600)]).toEqual([[], [8]]);
  });

  it('takes receipts back of a call that never ran, and keeps them like new ones', () => {
    const due = new ReceiptsDue();
    for (const sequence of [1, 2]) due.add(7, 70, sequence, 'delivered', 0);
    due.giveBack(7, due.take(7), 600);
    expect([due.twins(), due.pressing(600), due.pressing(1_100)]).toEqual([[7], [], [7]]);
    due.add(7, 70, 3, 'delivered', 700);
    expect(due.take(7)).toEqual([{ connection: 70, first: 1, last: 3, outcome: 'delivered' }]);
  });
});
