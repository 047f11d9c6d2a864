import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch, GatheredAnswer } from '../../contract.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import { Gathering } from './gathering.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const OVERLOADED = new Error('Durable Object is overloaded. Too many requests queued.');
const batch = (n: number, bytes = 1): Batch => ({ packed: new Uint8Array(bytes).fill(n), large: [] });

/** A gatherer whose calls the object answers in turn; without an answer it takes them. */
function rig(answers: (Error | ((call: readonly Batch[]) => readonly GatheredAnswer[]))[] = []) {
  const calls: string[] = [];
  const gathering = new Gathering({
    host: {
      now: Date.now,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      background: (work) => void work,
    },
    random: () => 0.5,
    bring: async (batches) => {
      calls.push(`${Date.now()} ms: ${batches.map(({ packed: [n] }) => n).join()}`);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer?.(batches) ?? batches.map(() => 'sent');
    },
  });
  const gather = (n: number, bytes?: number) =>
    gathering.gather(batch(n, bytes)).catch((error: unknown) => platformErrorOf(error));
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { gather, calls, pass };
}

describe('Gathering', () => {
  it('brings batches of one turn in one call, and those of the next 200 ms in the next one', async () => {
    const { gather, calls, pass } = rig();
    const all = [gather(1), gather(2)];
    await pass(0);
    all.push(gather(3));
    await pass(60);
    all.push(gather(4));
    await pass(1_000);
    all.push(gather(5));
    await pass(0);
    expect(calls).toEqual(['0 ms: 1,2', '200 ms: 3,4', '1060 ms: 5']);
    expect(await Promise.all(all)).toEqual(['sent', 'sent', 'sent', 'sent', 'sent']);
  });

  it('gives each sender its own answer', async () => {
    const { gather, pass } = rig([() => ['sent', ['stored', 'full'], { failed: 'Network connection lost.' }]]);
    const all = [gather(1), gather(2), gather(3), gather(4)];
    await pass(0);
    expect(await Promise.all(all)).toEqual(['sent', ['stored', 'full'], 'reset', 'other']);
  });

  it('brings rejected batches again, first, with growing pauses, and gives them back after a second', async () => {
    const { gather, calls, pass } = rig([OVERLOADED, OVERLOADED]);
    const first = gather(1);
    await pass(150);
    const second = gather(2);
    await pass(2_000);
    expect(calls).toEqual(['0 ms: 1', '400 ms: 1,2', '1200 ms: 1,2']);
    expect(await Promise.all([first, second])).toEqual(['sent', 'sent']);
    const late = rig([OVERLOADED, OVERLOADED, OVERLOADED]);
    const given = late.gather(1);
    await late.pass(1_200);
    expect([await given, late.calls.length]).toEqual(['overloaded', 3]);
  });

  it('tells all senders of a call that may have run, and brings none of it again', async () => {
    const { gather, calls, pass } = rig([new Error('Network connection lost.')]);
    const all = [gather(1), gather(2)];
    await pass(5_000);
    expect([await Promise.all(all), calls]).toEqual([['reset', 'reset'], ['0 ms: 1,2']]);
  });

  it('brings at most 8 MiB in a call, and refuses what it has no memory for', async () => {
    const { gather, calls, pass } = rig();
    const MIB = 2 ** 20;
    const all = [gather(1, 5 * MIB), gather(2, 5 * MIB), gather(3, 9 * MIB), gather(4, 5 * MIB), gather(5, MIB)];
    await pass(0);
    expect(await all[4]).toBe('overloaded');
    await pass(600);
    expect(calls).toEqual(['0 ms: 1', '200 ms: 2', '400 ms: 3', '600 ms: 4']);
    all.push(gather(6, MIB));
    await pass(200);
    expect(await Promise.all(all)).toEqual(['sent', 'sent', 'sent', 'sent', 'overloaded', 'sent']);
  });
});
