import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, IfAway } from '../contract.ts';
import { sparing } from './sparing.ts';

const envelope = (ifAway: IfAway): BatchEnvelope => ({ bytes: new Uint8Array(1), ifAway, expiresAt: 0 });

function rig(answers: readonly boolean[]) {
  const state = { asked: 0, batches: [] as IfAway[][] };
  const receiver = sparing(
    {
      deliver: async (envelopes) => {
        state.batches.push(envelopes.map(({ ifAway }) => ifAway));
        return envelopes.map(() => 'sent');
      },
    },
    async () => {
      state.asked += 1;
      return answers[state.asked - 1] ?? false;
    },
  );
  const deliver = (...kinds: IfAway[]) => receiver.deliver(kinds.map(envelope));
  return { state, deliver };
}

describe('sparing', () => {
  it('returns mail that is not stored until the twin has an object, and asks no more after that', async () => {
    const { state, deliver } = rig([false, false, true]);
    expect(await deliver('return', 'return')).toEqual(['offline', 'offline']);
    expect(await deliver('return')).toEqual(['offline']);
    expect(state.batches).toEqual([]);
    expect(await deliver('return')).toEqual(['sent']);
    expect(await deliver('return')).toEqual(['sent']);
    expect([state.asked, state.batches]).toEqual([3, [['return'], ['return']]]);
  });

  it('makes the object for mail that is stored, and then the twin has one', async () => {
    const { state, deliver } = rig([]);
    expect(await deliver('return', 'store')).toEqual(['sent', 'sent']);
    expect(await deliver('return')).toEqual(['sent']);
    expect(state.asked).toBe(0);
  });
});
