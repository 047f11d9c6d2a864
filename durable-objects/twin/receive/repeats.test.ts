import { describe, expect, it } from 'vitest';
import { Repeats } from './repeats.ts';

const gone = () => false;

describe('Repeats', () => {
  it('lets an envelope pass four times', () => {
    const repeats = new Repeats<string>();
    const passes = Array.from({ length: 6 }, () => {
      if (repeats.isRepeat('d', gone)) return false;
      repeats.pass('d', undefined, 100, 0);
      return true;
    });
    expect(passes).toEqual([true, true, true, true, false, false]);
  });

  it('takes an envelope for a repeat while the mailbox has it', () => {
    const repeats = new Repeats<string>();
    repeats.pass('d', 'place', 100, 0);
    expect(repeats.isRepeat('d', (place) => place === 'place')).toBe(true);
    expect(repeats.isRepeat('d', gone)).toBe(false);
  });

  it('forgets an envelope when it expires, and after ten thousand others', () => {
    const repeats = new Repeats<string>();
    for (let n = 0; n < 4; n += 1) repeats.pass('old', undefined, 100, 0);
    repeats.pass('new', undefined, 200, 50);
    expect(repeats.isRepeat('old', gone)).toBe(true);
    repeats.pass('newer', undefined, 200, 100);
    expect(repeats.isRepeat('old', gone)).toBe(false);
    for (let n = 0; n < 3; n += 1) repeats.pass('new', undefined, 200, 100);
    for (let n = 0; n < 10_000; n += 1) repeats.pass(`${n}`, undefined, 200, 100);
    expect(repeats.isRepeat('new', gone)).toBe(false);
  });
});
