import { describe, expect, it } from 'vitest';
import { ifAway, refusalOf, standingOf } from './verdict.ts';

const twin = (relay: string | null) => ({ found: { id: 7, account: new Uint8Array(32), relay, pk: null } });
const own = ['relay.example'];

describe('standingOf', () => {
  it('refuses unknown twins, and those nobody can look up', () => {
    expect(standingOf({ unknown: true }, own)).toEqual({ refuse: 'unknown-twin' });
    expect(standingOf({ unavailable: 'down' }, own)).toEqual({ refuse: 'lookup-failed' });
  });

  it('tells our twins from those of others and of nobody', () => {
    expect(standingOf(twin('other.example_relay.example'), own)).toEqual({ home: 'here' });
    expect(standingOf(twin('other.example'), own)).toEqual({ home: 'elsewhere' });
    expect(standingOf(twin(null), own)).toEqual({ home: 'nowhere' });
    expect(standingOf(twin(''), own)).toEqual({ home: 'nowhere' });
  });
});

describe('ifAway', () => {
  it('stores only for our own twins, and never what must fail fast', () => {
    expect(ifAway('here', false)).toBe('store');
    expect(ifAway('here', true)).toBe('return');
    expect(ifAway('elsewhere', false)).toBe('return');
    expect(ifAway('nowhere', false)).toBe('return');
  });
});

describe('refusalOf', () => {
  it('is silent when the message went its way', () => {
    expect(refusalOf('sent', 'elsewhere')).toBeUndefined();
    expect(refusalOf('stored', 'here')).toBeUndefined();
  });

  it('says why an absent destination got nothing', () => {
    expect(refusalOf('offline', 'here')).toBe('offline');
    expect(refusalOf('offline', 'elsewhere')).toBe('unreachable');
    expect(refusalOf('offline', 'nowhere')).toBe('no-relay');
    expect(refusalOf('full', 'here')).toBe('mailbox-full');
    expect(refusalOf('expired', 'here')).toBe('expired');
  });
});
