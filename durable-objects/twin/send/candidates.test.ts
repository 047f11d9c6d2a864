import { describe, expect, it } from 'vitest';
import { Candidates, firstStep } from './candidates.ts';

const yes = () => true;
const no = () => false;

describe('firstStep', () => {
  it('asks the other relays of a twin of this relay before anything is stored here', () => {
    expect(firstStep('here', 'maybe', no)).toBe('try');
    expect(firstStep('here', 'maybe', yes)).toBe('try');
  });

  it('stores for a twin of this relay alone, or one that all others did not have a moment ago', () => {
    expect([firstStep('here', 'none', yes), firstStep('here', 'away', yes)]).toEqual(['keep', 'keep']);
  });

  it('lets no envelope overtake those that wait', () => {
    expect(firstStep('here', 'queued', no)).toBe('federate');
  });

  it('tries a twin of another relay here, unless its session was absent a moment ago', () => {
    expect([firstStep('elsewhere', 'none', no), firstStep('elsewhere', 'none', yes)]).toEqual(['keep', 'federate']);
    expect(firstStep('nowhere', 'none', yes)).toBe('keep');
  });
});

describe('Candidates', () => {
  it('returns the other relays of a twin, by the name under which this one was reached', () => {
    const candidates = new Candidates({ allowsPrivate: false, ownDomains: (host) => [host] });
    const twin = { id: 2, account: new Uint8Array(32), relay: 'a.example_b.example_10.0.0.1', pk: null };
    expect(candidates.of(twin, 'a.example')).toEqual(['b.example']);
    expect(candidates.of(twin, 'b.example')).toEqual(['a.example']);
    expect(candidates.of(twin, 'a.example')).toBe(candidates.of(twin, 'a.example'));
    expect(candidates.of({ ...twin, relay: 'a.example' }, 'a.example')).toEqual([]);
    expect(candidates.of({ ...twin, relay: null }, 'a.example')).toEqual([]);
  });
});
