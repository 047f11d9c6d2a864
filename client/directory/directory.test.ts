import { describe, expect, it } from 'vitest';
import type { Twin } from '../../proto/twin.ts';
import { Directory } from './directory.ts';
import { knownTwin } from './judge-key.ts';

function rig(answer: (id: number) => Promise<Twin | undefined>) {
  const state = { now: 1_000_000, calls: 0, isDown: false };
  const saved = new Map<number, Twin>();
  const memory = { find: async (id: number) => saved.get(id), save: (twin: Twin) => void saved.set(twin.id, twin) };
  const ask = (id: number) => {
    state.calls += 1;
    return state.isDown ? Promise.reject(new Error('chain is down')) : answer(id);
  };
  const start = () => new Directory(ask, memory, () => state.now);
  return { state, saved, start, directory: start() };
}
const twin = (id: number, relay: string | null = null): Twin => ({ id, account: new Uint8Array(32), relay, pk: null });

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

  it('asks once in seconds for a twin that does not exist, until the chain tells of it', async () => {
    const { state, directory } = rig(async () => undefined);
    for (let n = 0; n < 100; n += 1) {
      expect(await directory.get(7)).toBeUndefined();
      expect(await directory.refresh(7)).toBeUndefined();
    }
    expect(state.calls).toBe(1);
    state.now += 10_000;
    await directory.get(7);
    expect(state.calls).toBe(2);
    directory.put(twin(7));
    expect(await directory.get(7)).toEqual(knownTwin(twin(7)));
    expect(state.calls).toBe(2);
  });

  it('believes the chain’s events at once', async () => {
    const { state, directory } = rig(async (id) => twin(id, 'old.example'));
    await directory.get(7);
    directory.put(twin(7, 'new.example'));
    expect((await directory.get(7))?.relay).toBe('new.example');
    expect(state.calls).toBe(1);
  });

  it.each([
    ['an older record', twin(7, 'old.example')],
    ['a missing twin', undefined],
  ])('prefers an event to the answer to an earlier question: %s', async (_, old) => {
    const answer = Promise.withResolvers<Twin | undefined>();
    const { saved, directory } = rig(() => answer.promise);
    const asked = directory.get(7);
    directory.put(twin(7, 'new.example'));
    answer.resolve(old);
    expect((await asked)?.relay).toBe('new.example');
    expect((await directory.get(7))?.relay).toBe('new.example');
    expect(saved.get(7)?.relay).toBe('new.example');
  });

  it('believes the answer when blocks were missed since the event', async () => {
    const answer = Promise.withResolvers<Twin | undefined>();
    const { directory } = rig(() => answer.promise);
    const asked = directory.get(7);
    directory.put(twin(7, 'new.example'));
    directory.doubt();
    answer.resolve(twin(7, 'newest.example'));
    expect((await asked)?.relay).toBe('newest.example');
  });

  it('asks again for what may have changed while the chain was away', async () => {
    const { state, directory } = rig(async (id) => twin(id));
    await directory.get(7);
    directory.doubt();
    await Promise.all([directory.get(7), directory.get(7)]);
    await directory.get(7);
    expect(state.calls).toBe(2);
  });

  it('lives on what it knows while the chain is away, however long, also after a new start', async () => {
    const { state, directory, start } = rig(async (id) => twin(id));
    await directory.get(7);
    state.isDown = true;
    state.now += 3_600_000;
    directory.doubt();
    expect(await directory.get(7)).toEqual(knownTwin(twin(7)));
    await expect(directory.refresh(7)).rejects.toThrow('chain is down');
    expect(await start().get(7)).toEqual(knownTwin(twin(7)));
    await expect(start().get(8)).rejects.toThrow('chain is down');
  });

  it('does not remember a question that failed', async () => {
    const { state, directory } = rig(async (id) => twin(id));
    state.isDown = true;
    await expect(directory.get(7)).rejects.toThrow('chain is down');
    state.isDown = false;
    expect(await directory.get(7)).toEqual(knownTwin(twin(7)));
  });

  describe('when the keys of a twin change', () => {
    const old = twin(7);
    const changed = { ...twin(7), account: new Uint8Array(32).fill(1) };
    const watched = (opinion: 'same' | 'other' | 'unanswered' | undefined) => {
      const told: string[] = [];
      const saved = new Map<number, Twin>([[7, old]]);
      const state = { now: 1_000_000, record: old };
      const directory = new Directory(
        async () => state.record,
        { find: async (id) => saved.get(id), save: (record) => void saved.set(record.id, record) },
        () => state.now,
        {
          hasSecond: opinion !== undefined,
          confirm: async () => opinion ?? 'unanswered',
          changed: (_before, _after, said) => void told.push(said),
        },
      );
      return { directory, state, saved, told };
    };

    it.each([
      ['same', changed],
      ['unanswered', changed],
      ['other', old],
    ] as const)('asks a second node after an event; when that says %s it keeps its answer', async (opinion, kept) => {
      const { directory, state, saved, told } = watched(opinion);
      await directory.get(7);
      state.record = changed;
      directory.put(changed);
      expect(await directory.get(7)).toEqual(knownTwin(kept));
      expect([told, saved.get(7)]).toEqual([[opinion], kept]);
    });

    it('asks both again soon when they say different things', async () => {
      const { directory, state, told } = watched('other');
      await directory.get(7);
      state.record = changed;
      directory.put(changed);
      for (let n = 0; n < 10; n += 1) await directory.get(7);
      state.now += 5_000;
      await directory.get(7);
      expect(told).toEqual(['other', 'other']);
    });

    it('compares with what Redis remembers after a start', async () => {
      const { directory, state, told } = watched('other');
      state.record = changed;
      expect(await directory.get(7)).toEqual(knownTwin(old));
      expect(told).toEqual(['other']);
    });

    it('believes one node when there is no other, and says so', async () => {
      const { directory, state, told } = watched(undefined);
      await directory.get(7);
      state.record = changed;
      directory.put(changed);
      expect(await directory.get(7)).toEqual(knownTwin(changed));
      expect(told).toEqual(['unanswered']);
    });
  });
});
