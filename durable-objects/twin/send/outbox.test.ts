import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Unsent } from './dispatch.ts';
import { Outbox, takeBatch } from './outbox.ts';
import type { RoutedEnvelope } from './routed-envelope.ts';

const MIB = 2 ** 20;
/** An envelope for a twin; its `expiresAt` says which one it is. */
const envelope = (twin: number, n: number, size = 10): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin },
  bytes: new Uint8Array(size),
  isRequest: true,
  failFast: false,
  expiresAt: n,
});
const NOTHING = { random: () => 0, refusals: { refuse: () => undefined } };
const numbers = (batch: readonly RoutedEnvelope[]) => batch.map(({ expiresAt }) => expiresAt);

/** An outbox whose batches the test settles. */
function rig() {
  const calls: { twin: number; batch: number[]; answer: () => void }[] = [];
  const gather = () => new Promise<void>((resolve) => setImmediate(resolve));
  const outbox = new Outbox({
    ...NOTHING,
    host: { now: () => 0, wait: gather },
    dispatcher: {
      store: async () => undefined,
      dispatch: (twin, batch) =>
        new Promise((resolve) => calls.push({ twin, batch: numbers(batch), answer: () => resolve(undefined) })),
    },
  });
  const settle = async () => {
    await gather();
    await gather();
  };
  return { outbox, calls, settle };
}

describe('Outbox', () => {
  it('dispatches envelopes of one turn as one batch', async () => {
    const { outbox, calls, settle } = rig();
    for (const n of [1, 2, 3]) void outbox.append(envelope(7, n));
    await settle();
    expect(calls).toMatchObject([{ twin: 7, batch: [1, 2, 3] }]);
  });

  it('has one batch in flight for each destination, and dispatches later envelopes together', async () => {
    const { outbox, calls, settle } = rig();
    void outbox.append(envelope(7, 1));
    await settle();
    void outbox.append(envelope(7, 2));
    void outbox.append(envelope(7, 3));
    await settle();
    expect(calls).toHaveLength(1);
    calls[0]?.answer();
    await settle();
    expect(calls.map(({ batch }) => batch)).toEqual([[1], [2, 3]]);
  });

  it('does not let a slow destination delay another', async () => {
    const { outbox, calls, settle } = rig();
    void outbox.append(envelope(7, 1));
    await settle();
    void outbox.append(envelope(8, 2));
    await settle();
    expect(calls.map(({ twin }) => twin)).toEqual([7, 8]);
  });

  it('refuses an envelope beyond its bytes, and accepts more after a batch', async () => {
    const { outbox, calls, settle } = rig();
    const pump = outbox.append(envelope(7, 1, 16 * MIB));
    expect(outbox.append(envelope(8, 2, 16 * MIB))).toBe('outbox-full');
    await settle();
    calls[0]?.answer();
    await pump;
    expect(outbox.append(envelope(8, 3, 16 * MIB))).toBeInstanceOf(Promise);
  });

  it('waits for other envelopes only while they come together', async () => {
    const gathered: number[] = [];
    const outbox = new Outbox({
      ...NOTHING,
      host: { now: () => 0, wait: async () => void gathered.push(gathered.length) },
      dispatcher: { dispatch: async () => undefined, store: async () => undefined },
    });
    for (const n of [1, 2, 3]) await outbox.append(envelope(7, n));
    expect(gathered).toHaveLength(1);
    const pump = outbox.append(envelope(7, 4));
    void outbox.append(envelope(7, 5));
    void outbox.append(envelope(7, 6));
    await pump;
    await outbox.append(envelope(7, 7));
    expect(gathered).toHaveLength(2);
  });

  it('ends its pump when it is empty, and starts another for a later envelope', async () => {
    const { outbox, calls, settle } = rig();
    const pump = outbox.append(envelope(7, 1));
    await settle();
    calls[0]?.answer();
    await pump;
    void outbox.append(envelope(7, 2));
    await settle();
    expect(calls.map(({ batch }) => batch)).toEqual([[1], [2]]);
  });
});

const NOW = 1_800_000_000_000;

/** An outbox on the test's clock. Its batches fail as `unsent` says. */
function stoppable(unsent: (batch: readonly RoutedEnvelope[], call: number) => Unsent | undefined) {
  const state = { now: NOW };
  const calls: { at: number; twin: number; batch: number[] }[] = [];
  const refused: string[] = [];
  const stored: number[] = [];
  const outbox: Outbox = new Outbox({
    host: {
      now: () => state.now,
      wait: async (ms) => {
        await new Promise((resolve) => setImmediate(resolve));
        state.now += ms;
      },
    },
    random: () => 1,
    refusals: { refuse: ({ expiresAt }, reason, seconds) => void refused.push(`${expiresAt} ${reason} ${seconds}`) },
    dispatcher: {
      dispatch: async (twin, batch) => {
        calls.push({ at: state.now - NOW, twin, batch: numbers(batch) });
        return unsent(batch, calls.length);
      },
      store: async (_, envelopes) => void stored.push(...numbers(envelopes)),
    },
  });
  return { outbox, state, calls, refused, stored };
}

const neverRan = (envelopes: readonly RoutedEnvelope[]): Unsent => ({ neverRan: true, envelopes });
const lasting = (n: number, fields: Partial<RoutedEnvelope> = {}) => ({
  ...envelope(7, NOW / 1000 + n),
  arrivedAt: NOW,
  ...fields,
});
const name = (n: number) => NOW / 1000 + n;

describe('a destination whose object takes no calls', () => {
  it('gets one probe after each pause, and then everything in its order', async () => {
    const { outbox, calls, refused } = stoppable((batch, call) => (call < 4 ? neverRan(batch) : undefined));
    const pump = outbox.append(lasting(100));
    expect(outbox.append(lasting(101))).toBeUndefined();
    await pump;
    expect(calls.map(({ at }) => at)).toEqual([0, 400, 1_200, 2_800]);
    expect(calls.at(-1)?.batch).toEqual([name(100), name(101)]);
    expect([refused, outbox.isEmpty, outbox.isStopped(7)]).toEqual([[], true, false]);
  });

  it('keeps envelopes that come in the pause behind those that wait, and calls nothing for them', async () => {
    const { outbox, calls } = stoppable((batch, call) => {
      if (call > 1) return undefined;
      void outbox.append(lasting(101));
      return neverRan(batch);
    });
    await outbox.append(lasting(100));
    expect(calls.map(({ batch }) => batch)).toEqual([[name(100)], [name(100), name(101)]]);
  });

  it('does not stop other destinations', async () => {
    const { outbox, calls } = stoppable((batch, call) => {
      if (call > 1) return undefined;
      void outbox.append({ ...lasting(101), to: { twin: 8 } });
      return neverRan(batch);
    });
    await outbox.append(lasting(100));
    expect(calls).toMatchObject([
      { twin: 7, at: 0 },
      { twin: 8, at: 0 },
      { twin: 7, at: 400 },
    ]);
  });

  it('refuses a request in the middle of its time, and one of custody sooner; a reply waits, then it is stored', async () => {
    const { outbox, calls, refused, stored } = stoppable(neverRan);
    const origin = { twin: 1, connection: 1, sequence: 1 };
    const pump = outbox.append(lasting(20));
    void outbox.append(lasting(100, { origin }));
    void outbox.append(lasting(30, { isRequest: false }));
    await pump;
    expect(refused).toEqual([`${name(100)} undelivered 4`, `${name(20)} overloaded 7`]);
    expect(stored).toEqual([name(30)]);
    expect(calls.at(-1)).toMatchObject({ batch: [name(30)] });
    expect(outbox.isEmpty).toBe(true);
  });

  it('is still stopped for an envelope that comes after everything was refused', async () => {
    const { outbox, calls } = stoppable((batch, call) => (call === 1 ? neverRan(batch) : undefined));
    await outbox.append(lasting(0));
    expect([outbox.isEmpty, outbox.isStopped(7)]).toEqual([true, true]);
    await outbox.append(lasting(100));
    expect(calls.map(({ at }) => at)).toEqual([0, 400]);
  });

  it('gets replies again that it may have got, and its later envelopes behind them', async () => {
    const { outbox, calls, refused } = stoppable((batch, call) =>
      call === 1 ? { neverRan: false, envelopes: batch.filter(({ isRequest }) => !isRequest) } : undefined,
    );
    const pump = outbox.append(lasting(100));
    void outbox.append(lasting(101, { isRequest: false }));
    await pump;
    expect(calls).toMatchObject([{ batch: [name(100), name(101)] }, { at: 400, batch: [name(101)] }]);
    expect(refused).toEqual([]);
  });

  it('may not fill the outbox', async () => {
    const { outbox, refused, stored } = stoppable(neverRan);
    const pump = outbox.append(lasting(100, { bytes: new Uint8Array(4 * MIB) }));
    void outbox.append(lasting(101, { isRequest: false, bytes: new Uint8Array(4 * MIB) }));
    await pump;
    expect([refused, stored]).toEqual([[`${name(100)} overloaded 1`], [name(101)]]);
    expect(outbox.isEmpty).toBe(true);
  });

  it('loses no envelope and counts none twice, whatever fails', async () => {
    const failure = fc.constantFrom('overloaded', 'lost', 'none');
    const kind = fc.record({ isRequest: fc.boolean(), isCustody: fc.boolean(), life: fc.integer({ min: 0, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(failure, { maxLength: 30 }),
        fc.array(kind, { maxLength: 20 }),
        async (fails, kinds) => {
          const delivered: number[] = [];
          const { outbox, refused, stored } = stoppable((batch, call) => {
            const fault = fails[call - 1] ?? 'none';
            if (fault === 'overloaded') return neverRan(batch);
            const again = fault === 'lost' ? batch.filter(({ isRequest, origin }) => !isRequest && !origin) : [];
            delivered.push(...numbers(batch.filter((each) => !again.includes(each))));
            return again.length === 0 ? undefined : { neverRan: false, envelopes: again };
          });
          const pumps = kinds.map(({ isRequest, isCustody, life }, n) =>
            outbox.append({
              ...lasting(life + n / 1000, { isRequest }),
              ...(isCustody && { origin: { twin: 1, connection: 1, sequence: n } }),
            }),
          );
          await Promise.all(pumps);
          const ends = [...delivered, ...stored, ...refused.map((each) => Number(each.split(' ')[0]))];
          expect(ends.toSorted()).toEqual(kinds.map(({ life }, n) => NOW / 1000 + life + n / 1000).toSorted());
          expect(outbox.isEmpty).toBe(true);
          expect(outbox.append(envelope(9, 0, 24 * MIB))).toBeInstanceOf(Promise);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('takeBatch', () => {
  it('takes all in order, in batches of at most 8 MiB or one envelope', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 * MIB }), { maxLength: 12 }), (sizes) => {
        const queue = sizes.map((size, n) => envelope(7, n, size));
        const taken: number[] = [];
        while (queue.length > 0) {
          const batch = takeBatch(queue);
          const bytes = batch.reduce((sum, each) => sum + each.bytes.length, 0);
          expect(batch.length === 1 || bytes <= 8 * MIB).toBe(true);
          taken.push(...numbers(batch));
        }
        expect(taken).toEqual(sizes.map((_, n) => n));
      }),
      { numRuns: 50 },
    );
  });
});
