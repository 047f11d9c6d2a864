import { describe, expect, it } from 'vitest';
import { Absence } from './absence.ts';

describe('Absence', () => {
  it('remembers a session for five seconds', () => {
    let now = 0;
    const absence = new Absence(() => now);
    absence.note({ twin: 1 });
    now = 4_999;
    expect(absence.has({ twin: 1 })).toBe(true);
    now = 5_000;
    expect(absence.has({ twin: 1 })).toBe(false);
  });

  it('keeps sessions of one twin apart', () => {
    const absence = new Absence(() => 0);
    absence.note({ twin: 1, connection: '' });
    expect(
      [{ twin: 1 }, { twin: 1, connection: 'x' }, { twin: 1, connection: '' }].map((each) => absence.has(each)),
    ).toEqual([false, false, true]);
  });

  it('forgets all sessions when there are too many', () => {
    const absence = new Absence(() => 0);
    for (let twin = 0; twin <= 1024; twin += 1) absence.note({ twin });
    expect([absence.has({ twin: 0 }), absence.has({ twin: 1024 })]).toEqual([false, true]);
  });

  it('tells a session that was absent just now from one that was a few seconds ago', () => {
    let now = 0;
    const absence = new Absence(() => now);
    absence.note({ twin: 1 });
    now = 999;
    expect(absence.has({ twin: 1 }, 1_000)).toBe(true);
    now = 1_000;
    expect([absence.has({ twin: 1 }, 1_000), absence.has({ twin: 1 })]).toEqual([false, true]);
  });
});
