import { describe, expect, it } from 'vitest';
import { AwayThere } from './away-there.ts';

describe('AwayThere', () => {
  it('remembers for a second which relay does not have which session', () => {
    let now = 0;
    const away = new AwayThere(() => now);
    away.note('a.example', { twin: 1 });
    now = 999;
    expect([
      away.has('a.example', { twin: 1 }),
      away.has('b.example', { twin: 1 }),
      away.has('a.example', { twin: 1, connection: 'x' }),
    ]).toEqual([true, false, false]);
    now = 1_000;
    expect(away.has('a.example', { twin: 1 })).toBe(false);
  });

  it('remembers for five seconds which relay does not answer', () => {
    let now = 0;
    const away = new AwayThere(() => now);
    away.noteDown('a.example');
    now = 4_999;
    expect([away.isDown('a.example'), away.isDown('b.example')]).toEqual([true, false]);
    now = 5_000;
    expect(away.isDown('a.example')).toBe(false);
  });
});
