import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from './agenda.ts';

describe('an agenda', () => {
  it('runs events in the order of their times, and of one time in the order of adding', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 }), (times) => {
        const agenda = new Agenda();
        const ran: number[] = [];
        for (const [place, time] of times.entries()) {
          agenda.at(time, () => {
            expect(agenda.now).toBe(time);
            ran.push(place);
          });
        }
        agenda.run();
        const sorted = [...times.keys()].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
        expect(ran).toEqual(sorted);
      }),
    );
  });

  it('runs events that events add, also between those that wait', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    agenda.at(10, () => {
      ran.push('first');
      agenda.at(15, () => ran.push('between'));
      agenda.at(5, () => ran.push('now'));
    });
    agenda.at(20, () => ran.push('last'));
    agenda.run();
    expect(ran).toEqual(['first', 'now', 'between', 'last']);
    expect(agenda.now).toBe(20);
  });

  it('holds many events', () => {
    const agenda = new Agenda();
    let sum = 0;
    for (let n = 5_000; n > 0; n -= 1) agenda.at(n, () => (sum += 1));
    agenda.run();
    expect(sum).toBe(5_000);
  });
});
