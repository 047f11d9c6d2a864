import { describe, expect, it } from 'vitest';
import { destinationOf, ifAway, reasonOf } from './verdict.ts';

const twin = (relay: string | null) => ({ found: { id: 7, account: new Uint8Array(32), relay, pk: null } });
const own = ['relay.example'];

describe('destinationOf', () => {
  it('refuses a twin that is unknown or cannot be looked up', () => {
    expect(destinationOf({ unknown: true }, own)).toEqual({ refuse: 'unknown-twin' });
    expect(destinationOf({ unavailable: 'down' }, own)).toEqual({ refuse: 'lookup-failed' });
  });

  it('tells twins of this relay, of other relays and of none apart', () => {
    expect(destinationOf(twin('other.example_relay.example'), own)).toEqual({ home: 'here' });
    expect(destinationOf(twin('other.example'), own)).toEqual({ home: 'elsewhere' });
    expect(destinationOf(twin(null), own)).toEqual({ home: 'nowhere' });
    expect(destinationOf(twin(''), own)).toEqual({ home: 'nowhere' });
  });
});

describe('ifAway', () => {
  it('stores only for twins of this relay, and nothing that must fail fast', () => {
    expect(ifAway('here', false)).toBe('store');
    expect(ifAway('here', true)).toBe('return');
    expect(ifAway('elsewhere', false)).toBe('return');
    expect(ifAway('nowhere', false)).toBe('return');
  });
});

describe('reasonOf', () => {
  it('takes a verdict of later code for no delivery', () => {
    expect(reasonOf(JSON.parse('"of later code"'), 'here')).toBe('undelivered');
  });

  it('returns no reason for a delivered or stored envelope', () => {
    expect(reasonOf('sent', 'elsewhere')).toBeUndefined();
    expect(reasonOf('stored', 'here')).toBeUndefined();
  });

  it('says why the destination did not get the envelope', () => {
    expect(reasonOf('offline', 'here')).toBe('offline');
    expect(reasonOf('offline', 'elsewhere')).toBe('unreachable');
    expect(reasonOf('offline', 'nowhere')).toBe('no-relay');
    expect(reasonOf('full', 'here')).toBe('mailbox-full');
    expect(reasonOf('expired', 'here')).toBe('expired');
    expect(reasonOf('version', 'here')).toBe('relay-version');
  });
});
