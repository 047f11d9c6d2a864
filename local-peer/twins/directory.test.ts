import { describe, expect, it } from 'vitest';
import type { Twin } from '../../proto/twin.ts';
import { Directory } from './directory.ts';

function rig(answer: (id: number) => Promise<Twin | undefined>) {
  const state = { now: 1_000_000, calls: 0 };
  const ask = (id: number) => {
    state.calls += 1;
    return answer(id);
  };
  return { state, directory: new Directory(ask, () => state.now) };
}
const twin = (id: number): Twin => ({ id, account: new Uint8Array(32), relay: null, pk: null });

describe('Directory', () => {
  it('asks once for many, and again after ten minutes', async () => {
    const { state, directory } = rig(async (id) => twin(id));
    await Promise.all([directory.get(7), directory.get(7)]);
    state.now += 599_999;
    await directory.get(7);
    expect(state.calls).toBe(1);
    state.now += 1;
    await directory.get(7);
    expect(state.calls).toBe(2);
  });

  it('asks again when told to, but no stranger makes it ask without end', async () => {
    const { state, directory } = rig(async (id) => twin(id));
    await directory.get(7);
    await directory.refresh(7);
    expect(state.calls).toBe(1);
    state.now += 5_000;
    for (let n = 0; n < 100; n += 1) await directory.refresh(7);
    expect(state.calls).toBe(2);
  });

  it('keeps what it knows when asking again fails', async () => {
    let isDown = false;
    const { state, directory } = rig(async (id) => (isDown ? Promise.reject(new Error('chain is down')) : twin(id)));
    await directory.get(7);
    isDown = true;
    state.now += 6_000;
    await expect(directory.refresh(7)).rejects.toThrow('chain is down');
    expect(await directory.get(7)).toEqual(twin(7));
  });

  it('remembers neither a twin that does not exist nor a question that failed', async () => {
    const none = rig(async () => undefined);
    expect(await none.directory.get(7)).toBeUndefined();
    await none.directory.get(7);
    expect(none.state.calls).toBe(2);
    const failing = rig(() => Promise.reject(new Error('chain is down')));
    await expect(failing.directory.get(7)).rejects.toThrow('chain is down');
    await expect(failing.directory.get(7)).rejects.toThrow('chain is down');
    expect(failing.state.calls).toBe(2);
  });
});
