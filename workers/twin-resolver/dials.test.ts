import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { wait } from '../../proto/chain/wait.ts';
import { err, ok } from '../../proto/result.ts';
import { Dials, KEYS_A_DIAL, MOST_DIALS, type Read } from './dials.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const PATIENCE_MS = 1_700;

/** Dials whose read takes `ms` and answers `n:<key>`. */
function rig(ms: number) {
  const dials = new Dials<string, string>();
  const state = { ms, open: 0, most: 0 };
  const reads: (readonly number[])[] = [];
  const work: Promise<void>[] = [];
  const read: Read<string, string> = async (asked, tell) => {
    reads.push([...asked.keys()]);
    state.open += 1;
    state.most = Math.max(state.most, state.open);
    await wait(state.ms);
    state.open -= 1;
    for (const [key, known] of asked) tell(key, ok(`n:${key}${known ?? ''}`));
  };
  const ask = (key: number, known?: string, by = read) =>
    dials.once(key, known, by, Date.now() + PATIENCE_MS, (each) => void work.push(each));
  return { dials, state, reads, read, ask, work };
}

const keys = (count: number) => Array.from({ length: count }, (_, place) => place);

describe('Dials', () => {
  test('reads a key once for fifty requests', async () => {
    const { reads, ask } = rig(1_000);
    const all = Promise.all(keys(50).map(() => ask(7)));
    await vi.runAllTimersAsync();
    expect(new Set((await all).map((each) => JSON.stringify(each)))).toEqual(new Set([JSON.stringify(ok('n:7'))]));
    expect(reads).toEqual([[7]]);
  });

  test('opens at most six, and reads pending keys together', async () => {
    const { state, reads, ask } = rig(200);
    const all = Promise.all(keys(300).map((key) => ask(key)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await all).toEqual(keys(300).map((key) => ok(`n:${key}`)));
    expect(state.most).toBe(MOST_DIALS);
    expect(Math.max(...reads.map(({ length }) => length))).toBe(KEYS_A_DIAL);
    expect(reads.length).toBeLessThan(12);
    expect(reads.flat()).toHaveLength(300);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tells the reader what is known of each key', async () => {
    const { state, ask } = rig(10);
    const all = Promise.all(keys(8).map((key) => ask(key, `+${key}`)));
    await vi.runAllTimersAsync();
    expect(await all).toEqual(keys(8).map((key) => ok(`n:${key}+${key}`)));
    expect(state.most).toBe(MOST_DIALS);
  });

  test('reads a key again after its answer', async () => {
    const { reads, ask } = rig(0);
    const first = ask(7);
    await vi.runAllTimersAsync();
    await first;
    const second = ask(7);
    await vi.runAllTimersAsync();
    await second;
    expect(reads).toEqual([[7], [7]]);
  });
});

describe('a request whose time is over', () => {
  test('gives up, and the dial goes on for those who come later', async () => {
    const { state, reads, ask } = rig(3_000);
    const early = ask(7);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await early).toBeUndefined();
    const later = ask(7);
    await vi.runAllTimersAsync();
    expect(await later).toEqual(ok('n:7'));
    expect([reads, state.open]).toEqual([[[7]], 0]);
  });

  test('gets the error so far, and a later one the answer', async () => {
    const { ask } = rig(0);
    const slow: Read<string, string> = async (_, tell) => {
      await wait(PATIENCE_MS);
      tell(7, err('no answer in time'));
      await wait(1_000);
      tell(7, ok('late'));
    };
    const early = ask(7, undefined, slow);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS + 1);
    expect(await early).toEqual(err('no answer in time'));
    const later = ask(7);
    await vi.runAllTimersAsync();
    expect(await later).toEqual(ok('late'));
  });

  test('leaves its key to the next dial', async () => {
    const { state, reads, ask } = rig(5_000);
    const all = keys(MOST_DIALS + 1).map((key) => ask(key));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await all[MOST_DIALS]).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5_000);
    state.ms = 0;
    const next = ask(99);
    await vi.runAllTimersAsync();
    expect([await next, reads.at(-1)]).toEqual([ok('n:99'), [99, MOST_DIALS]]);
  });
});

describe('a dial', () => {
  test('that ends without an answer is an error', async () => {
    const { ask } = rig(0);
    const silent = ask(7, undefined, async () => {});
    await vi.runAllTimersAsync();
    expect(await silent).toEqual(err('it was not read'));
  });

  test('whose request died leaves its place and its keys to others', async () => {
    const { reads, ask } = rig(0);
    // Such a request runs no timers any more: neither its read nor its signs of life go on.
    const dead: Read<string, string> = () => new Promise(() => {});
    for (const key of keys(MOST_DIALS)) void ask(key, undefined, dead);
    const beats = vi.spyOn(AbortSignal.prototype, 'aborted', 'get').mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(60);
    beats.mockRestore();
    const all = [ask(0), ask(99)];
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await Promise.all(all)).toEqual([ok('n:0'), ok('n:99')]);
    expect(reads.flat()).toEqual(expect.arrayContaining([0, 99]));
  });

  test('does not look dead after a stall of the isolate', async () => {
    const { reads, ask } = rig(1_000);
    const all = Promise.all(keys(10).map(() => ask(7)));
    await vi.advanceTimersByTimeAsync(15);
    // Time passes, and no timer has run yet.
    vi.setSystemTime(Date.now() + 600);
    await vi.runAllTimersAsync();
    expect((await all).every((each) => each?.ok)).toBe(true);
    expect(reads).toEqual([[7]]);
  });
});
