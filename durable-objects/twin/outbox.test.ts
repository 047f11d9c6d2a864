import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outbox, takeBatch } from './outbox.ts';

const MIB = 2 ** 20;
interface Numbered {
  readonly n: number;
  readonly bytes: Uint8Array;
}
const message = (n: number, size = 10): Numbered => ({ n, bytes: new Uint8Array(size) });

/** A far side whose answers the test gives. */
function rig() {
  const calls: { twin: number; batch: number[]; answer: () => void }[] = [];
  const gather = () => new Promise<void>((resolve) => setImmediate(resolve));
  const outbox = new Outbox<Numbered>({
    gather,
    send: (twin, batch) =>
      new Promise<void>((resolve) => calls.push({ twin, batch: batch.map(({ n }) => n), answer: resolve })),
  });
  const settle = async () => {
    await gather();
    await gather();
  };
  return { outbox, calls, settle };
}

describe('Outbox', () => {
  it('sends what arrives in one turn as one batch', async () => {
    const { outbox, calls, settle } = rig();
    for (const n of [1, 2, 3]) void outbox.append(7, message(n));
    await settle();
    expect(calls).toMatchObject([{ twin: 7, batch: [1, 2, 3] }]);
  });

  it('has one batch in flight a destination: what comes meanwhile goes together, next', async () => {
    const { outbox, calls, settle } = rig();
    void outbox.append(7, message(1));
    await settle();
    void outbox.append(7, message(2));
    void outbox.append(7, message(3));
    await settle();
    expect(calls).toHaveLength(1);
    calls[0]?.answer();
    await settle();
    expect(calls.map(({ batch }) => batch)).toEqual([[1], [2, 3]]);
  });

  it('does not let a slow destination hold up another', async () => {
    const { outbox, calls, settle } = rig();
    void outbox.append(7, message(1));
    await settle();
    void outbox.append(8, message(2));
    await settle();
    expect(calls.map(({ twin }) => twin)).toEqual([7, 8]);
  });

  it('refuses what exceeds its bytes, and takes more once a batch is through', async () => {
    const { outbox, calls, settle } = rig();
    const pump = outbox.append(7, message(1, 16 * MIB));
    expect(outbox.append(8, message(2, 16 * MIB))).toBe('outbox-full');
    await settle();
    calls[0]?.answer();
    await pump;
    expect(outbox.append(8, message(3, 16 * MIB))).toBeInstanceOf(Promise);
  });

  it('waits for others only while they come together', async () => {
    const gathered: number[] = [];
    const outbox = new Outbox<Numbered>({
      gather: async () => void gathered.push(gathered.length),
      send: async () => {},
    });
    for (const n of [1, 2, 3]) await outbox.append(7, message(n));
    expect(gathered).toHaveLength(1);
    const pump = outbox.append(7, message(4));
    void outbox.append(7, message(5));
    void outbox.append(7, message(6));
    await pump;
    await outbox.append(7, message(7));
    expect(gathered).toHaveLength(2);
  });

  it('ends its pump when all is through, and starts another for what comes later', async () => {
    const { outbox, calls, settle } = rig();
    const pump = outbox.append(7, message(1));
    await settle();
    calls[0]?.answer();
    await pump;
    void outbox.append(7, message(2));
    await settle();
    expect(calls.map(({ batch }) => batch)).toEqual([[1], [2]]);
  });
});

describe('takeBatch', () => {
  it('takes all in order, in batches of at most 8 MiB or one message', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 * MIB }), { maxLength: 12 }), (sizes) => {
        const queue = sizes.map((size, n) => message(n, size));
        const taken: number[] = [];
        while (queue.length > 0) {
          const batch = takeBatch(queue);
          const bytes = batch.reduce((sum, each) => sum + each.bytes.length, 0);
          expect(batch.length === 1 || bytes <= 8 * MIB).toBe(true);
          taken.push(...batch.map(({ n }) => n));
        }
        expect(taken).toEqual(sizes.map((_, n) => n));
      }),
      { numRuns: 50 },
    );
  });
});
