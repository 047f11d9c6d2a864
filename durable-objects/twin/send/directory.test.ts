import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../../contract.ts';
import { Directory } from './directory.ts';

function rig(answer: () => TwinLookup) {
  const state = { now: 0, calls: 0 };
  const reader = {
    lookup: async () => {
      state.calls += 1;
      return answer();
    },
  };
  return { state, directory: new Directory(reader, [], () => state.now) };
}
const found = { found: { id: 7, account: new Uint8Array(32), relay: null, pk: null } };

describe('Directory', () => {
  it('asks the resolver once in ten seconds for a twin that was found', async () => {
    const { state, directory } = rig(() => found);
    await directory.lookup(7);
    expect(await directory.lookup(7)).toEqual(found);
    expect(state.calls).toBe(1);
    state.now = 10_000;
    await directory.lookup(7);
    expect(state.calls).toBe(2);
  });

  it('asks again for a twin that was not found', async () => {
    const { state, directory } = rig(() => ({ unknown: true }));
    await directory.lookup(7);
    await directory.lookup(7);
    expect(state.calls).toBe(2);
  });

  it('knows the region of a twin from its last look-up', async () => {
    const { state, directory } = rig(() => ({ ...found, region: 'afr' }));
    expect(directory.regionOf(7)).toBeUndefined();
    await directory.lookup(7);
    state.now = 60_000;
    expect(directory.regionOf(7)).toBe('afr');
  });

  it('judges a destination by the names of this relay, or by the host that the session reached', async () => {
    const lookup: TwinLookup = { found: { ...found.found, relay: 'a.example' } };
    const configured = new Directory({ lookup: async () => lookup }, ['a.example'], () => 0);
    expect(configured.destinationOf(lookup, 'b.example')).toEqual({ home: 'here' });
    const { directory } = rig(() => lookup);
    expect(directory.destinationOf(lookup, 'a.example')).toEqual({ home: 'here' });
    expect(directory.destinationOf(lookup, 'b.example')).toEqual({ home: 'elsewhere' });
  });
});
