import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fate, Refusal } from './refusal.ts';
import { FRESH_MS, GRACE_MS, Refusals } from './refusals.ts';

const refusal = (code: string, fate: Fate, isDialledAgain = false): Refusal => ({
  code,
  fate,
  reason: `${code} happened`,
  remedy: `end ${code}`,
  isDialledAgain,
});

describe('Refusals', () => {
  it.each<[Fate, number]>([
    ['passing', GRACE_MS],
    ['away', 0],
    ['final', 0],
  ])('tells a refusal that is %s after %i ms', (fate, after) => {
    const refusals = new Refusals();
    refusals.add('taking entries', 'a', refusal('CODE', fate), 100);
    if (after > 0) expect(refusals.told(100 + after - 1)).toBeUndefined();
    expect(refusals.told(100 + after)?.detail).toBe('CODE (taking entries): CODE happened; end CODE');
    refusals.delete('a');
    expect(refusals.told(100 + after)).toBeUndefined();
  });

  it('counts one trouble from its first refusal, though its code changes', () => {
    const refusals = new Refusals();
    refusals.add('work', 'a', refusal('READONLY', 'passing', true), 0);
    refusals.add('work', 'a', refusal('LOADING', 'passing'), GRACE_MS - 1);
    expect(refusals.told(GRACE_MS)).toEqual({
      detail: 'LOADING (work): LOADING happened; end LOADING',
      isDialledAgain: false,
    });
  });

  it('names each code once, with all the work that it stops', () => {
    const refusals = new Refusals();
    refusals.add('taking', 'a', refusal('OOM', 'passing'), 0);
    refusals.add('waiting', 'b', refusal('OOM', 'passing'), 0);
    refusals.add('waiting', 'c', refusal('OOM', 'passing'), 0);
    refusals.add('leaving', 'd', refusal('READONLY', 'passing', true), 0);
    refusals.add('leaving', 'd', refusal('READONLY', 'passing', true), GRACE_MS);
    expect(refusals.told(GRACE_MS)).toEqual({
      detail: 'OOM (taking, waiting): OOM happened; end OOM. READONLY (leaving): READONLY happened; end READONLY',
      isDialledAgain: true,
    });
  });

  it('says what is news: thousands who are refused the same are not', () => {
    const refusals = new Refusals();
    expect(refusals.add('work', 'a', refusal('OOM', 'passing'), 0)).toBe(true);
    expect(refusals.add('work', 'b', refusal('OOM', 'passing'), 0)).toBe(false);
    expect(refusals.add('work', 'a', refusal('BUSY', 'passing'), 0)).toBe(true);
    expect(refusals.add('work', 'b', refusal('OOM', 'passing'), 0)).toBe(false);
    expect(refusals.add('work', 'a', refusal('BUSY', 'passing'), 0)).toBe(false);
    expect(refusals.delete('a')).toBe(true);
    expect(refusals.delete('a')).toBe(false);
    expect(refusals.delete('b')).toBe(true);
    expect(refusals.told(GRACE_MS)).toBeUndefined();
  });

  it('wants a new connection only while the work is still refused: a command that waits must not be cut off', () => {
    const refusals = new Refusals();
    refusals.add('work', 'a', refusal('READONLY', 'passing', true), 0);
    refusals.add('work', 'a', refusal('READONLY', 'passing', true), GRACE_MS);
    expect(refusals.told(GRACE_MS + FRESH_MS - 1)?.isDialledAgain).toBe(true);
    expect(refusals.told(GRACE_MS + FRESH_MS)).toMatchObject({ isDialledAgain: false });
  });

  it('counts from when the work was asked for, if that is known', () => {
    const refusals = new Refusals();
    refusals.add('work', 'a', refusal('BUSY', 'passing'), GRACE_MS, 0);
    expect(refusals.told(GRACE_MS)).toBeDefined();
  });

  it('forgets what only the lack of a login refused, once Redis has taken the login', () => {
    const refusals = new Refusals();
    refusals.add('work', 'a', refusal('NOAUTH', 'away', true), 0);
    refusals.add('other', 'b', refusal('NOPERM', 'away'), 0);
    refusals.loggedIn();
    expect(refusals.told(0)?.detail).toBe('NOPERM (other): NOPERM happened; end NOPERM');
  });

  it('tells nothing once all work has succeeded, in whatever order', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.constantFrom<Fate>('passing', 'away', 'final'));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const refusals = new Refusals();
        for (const [key, fate] of steps) refusals.add('work', key, refusal(fate, fate), 0);
        expect(refusals.told(GRACE_MS) === undefined).toBe(steps.length === 0);
        for (const key of [5, 4, 3, 2, 1, 0]) refusals.delete(key);
        expect(refusals.told(GRACE_MS)).toBeUndefined();
      }),
    );
  });
});
