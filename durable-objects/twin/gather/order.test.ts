import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Random } from '../../../tools/simulate/world/random.ts';
import type { Batch, BatchEnvelope, GatheredAnswer } from '../../contract.ts';
import { platformErrorOf } from '../../platform-errors.ts';
import { decodeBatch } from '../receive/batch.ts';
import { Receivers } from '../send/receivers.ts';
import { takeAll } from './gathered.ts';
import { Gathering } from './gathering.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const [SENDERS, BATCHES, GATHERERS] = [4, 25, 2];
const OVERLOADED = 'Durable Object is overloaded. Too many requests queued.';
const LOST = 'Network connection lost.';
/** Longer than a whole switch to gatherers and back. */
const LONG_MS = 40_000;

/** Senders, gatherers and a hot object in one simulated time. Calls are slow, rejected, or lost on either way. */
function world(seed: number) {
  const generator = new Random(seed);
  const random = () => generator.next();
  const chance = (part: number) => random() < part;
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const host = { now: Date.now, wait, background: (work: Promise<void>) => void work };
  const slow = chance(0.3) ? 1_500 : 50;
  const rejected = random() * 0.7;
  const lost = chance(0.5) ? 0.1 : 0;
  /** Sender → numbers of its batches, as the hot object took them. */
  const taken = new Map<number, number[]>();
  const ways = new Set<string>();
  const note = (batch: Batch) => {
    const [envelope] = decodeBatch(batch);
    const [sender = 0, n = 0] = envelope?.bytes ?? [];
    taken.set(sender, [...(taken.get(sender) ?? []), n]);
    return 'sent' as const;
  };
  /** A call: it arrives in order, at once, and its answer takes a while. */
  const call = async <T>(way: string, run: () => Promise<T>): Promise<T> => {
    if (chance(rejected)) throw new Error(OVERLOADED);
    if (chance(lost / 2)) throw new Error(LOST);
    ways.add(way);
    const answer = run();
    if (chance(lost)) {
      void answer.catch(() => undefined);
      throw new Error(LOST);
    }
    await wait(random() * slow);
    return await answer;
  };
  const makeGatherer = () =>
    new Gathering({
      host,
      random,
      bring: (batches) => call<GatheredAnswer[]>('gathered', () => takeAll(batches, async (batch) => note(batch))),
    });
  const gatherers = Array.from({ length: GATHERERS }, makeGatherer);
  const receiversOf = (sender: number) =>
    new Receivers({
      host,
      random,
      hasObject: async () => true,
      object: () => ({
        deliver: (batch) => call('direct', async () => note(batch)),
        receipts: async () => undefined,
        line: async () => ({ deliver: async (batch) => note(batch), [Symbol.dispose]: () => undefined }),
      }),
      gatherer: () => ({
        gather: async (_, batch) => {
          // A gatherer whose connection breaks lives on: the batch may still run, after its sender heard of the loss.
          const answer = gatherers[sender % GATHERERS]?.gather(batch);
          if (answer === undefined) throw new Error(LOST);
          if (!chance(lost)) return await answer;
          answer.catch(() => undefined);
          throw new Error(LOST);
        },
      }),
    });
  return { random, chance, wait, taken, ways, receiversOf };
}

/** Sends batches as an outbox does: one after the other, again after a rejection. Returns those with an answer. */
async function send({ chance, wait, random, receiversOf }: ReturnType<typeof world>, sender: number) {
  const receiver = receiversOf(sender).of(9);
  const answered: number[] = [];
  for (let n = 1; n <= BATCHES; n += 1) {
    const envelope: BatchEnvelope = { bytes: Uint8Array.of(sender, n), ifAway: 'return', expiresAt: 0 };
    for (;;) {
      try {
        await receiver.deliver([envelope]);
        answered.push(n);
        break;
      } catch (error) {
        if (platformErrorOf(error) !== 'overloaded') break;
        await wait(200 + random() * 3_000);
      }
    }
    if (chance(0.1)) await wait(random() * 2 * LONG_MS);
  }
  return answered;
}

describe('batches of each sender', () => {
  it('arrive in order and once, whatever the ways, and none with an answer is missing', async () => {
    const ways = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const run = world(seed);
        const senders = Array.from({ length: SENDERS }, (_, sender) => sender);
        const all = Promise.all(senders.map((sender) => send(run, sender)));
        await vi.runAllTimersAsync();
        const answered = await all;
        for (const sender of senders) {
          const taken = run.taken.get(sender) ?? [];
          expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => a - b));
          expect(taken).toEqual(expect.arrayContaining(answered[sender] ?? []));
        }
        for (const way of run.ways) ways.add(way);
      }),
      { numRuns: 100 },
    );
    expect([...ways].toSorted()).toEqual(['direct', 'gathered']);
  });
});
