import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../contract.ts';
import { Directory } from './directory.ts';

function rig(answer: () => TwinLookup) {
  const state = { now: 0, calls: 0 };
  const reader = {
    lookup: async () => {
      state.calls += 1;
      return answer();
    },
  };
  return { state, directory: new Directory(reader, () => state.now) };
}
const found: TwinLookup = { found: { id: 7, account: new Uint8Array(32), relay: null, pk: null } };

describe('Directory', () => {
  it('asks once in ten seconds for a twin it found', async () => {
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
});
