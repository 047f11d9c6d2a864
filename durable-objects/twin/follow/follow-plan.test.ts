import { describe, expect, it } from 'vitest';
import { planOf, waitAfter } from './follow-plan.ts';

const own = ['relay.example'];

describe('planOf', () => {
  it('leaves the mail of a twin of this relay alone, or of none', () => {
    for (const relay of ['relay.example', null, '', 'what is this/']) {
      expect(planOf(relay, own, false)).toEqual({ kind: 'stay' });
    }
  });

  it('asks the other relays of a twin of several', () => {
    expect(planOf('a.example_relay.example_b.example', own, false)).toEqual({
      kind: 'ask',
      domains: ['a.example', 'b.example'],
    });
  });

  it('moves the mail of a twin that left this relay', () => {
    expect(planOf('a.example', own, false)).toEqual({ kind: 'move' });
  });

  it('uses no private relay unless it may', () => {
    expect(planOf('localhost:1', own, false)).toEqual({ kind: 'stay' });
    expect(planOf('localhost:1', own, true)).toEqual({ kind: 'move' });
    expect(planOf('localhost:1_relay.example', own, false)).toEqual({ kind: 'stay' });
  });
});

describe('waitAfter', () => {
  it('doubles from ten seconds to five minutes', () => {
    expect([0, 1, 2, 5, 100].map(waitAfter)).toEqual([10_000, 20_000, 40_000, 300_000, 300_000]);
  });
});
