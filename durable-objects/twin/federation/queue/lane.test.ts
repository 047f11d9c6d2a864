import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../../test/rig/relay/sqlite.ts';
import type { RoutedEnvelope } from '../../send/routed-envelope.ts';
import { migrate } from '../../storage/schema.ts';
import { FederationQueue } from './federation-queue.ts';
import { Lane } from './lane.ts';
import { OpenEnvelopes } from './open-envelopes.ts';

/** An envelope; its `expiresAt` says which one it is. */
const envelope = (n: number): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2 },
  isRequest: true,
  failFast: false,
  expiresAt: n,
  bytes: new Uint8Array(10),
});

function rig() {
  const sql = openSqlite();
  migrate(sql);
  const queue = new FederationQueue(sql, { maxMessages: 100, maxBytes: 1e6 });
  const open = new OpenEnvelopes(
    queue,
    () => 0,
    () => undefined,
  );
  const lane = new Lane(queue, open);
  /** Stores a record of these envelopes. */
  const store = (...numbers: number[]) => queue.add(2, numbers.map(envelope)).records;
  /** Takes envelopes until the round has none. */
  const takeAll = (lots: number[] = []) => {
    const taken = [];
    for (let held = lane.take(() => lots.shift() ?? 0); held !== undefined; held = lane.take(() => lots.shift() ?? 0)) {
      taken.push(held);
    }
    return taken;
  };
  return { queue, open, lane, store, takeAll };
}
const numbers = (held: readonly { readonly envelope: RoutedEnvelope }[]) =>
  held.map(({ envelope: { expiresAt } }) => expiresAt);

describe('Lane', () => {
  it('takes the envelopes of untried records in order, each once', () => {
    const { lane, store, takeAll } = rig();
    lane.add(store(1, 2));
    lane.add(store(3));
    expect(lane.hasWork).toBe(true);
    expect(numbers(takeAll())).toEqual([1, 2, 3]);
    expect(lane.hasWork).toBe(false);
  });

  it('takes no envelope that was settled before its turn', () => {
    const { lane, open, store, takeAll } = rig();
    lane.add(store(1, 2));
    const first = lane.take(() => 0);
    const second = first && open.of(first.record)[1];
    if (second !== undefined) open.settle(second, undefined);
    expect(numbers(takeAll())).toEqual([]);
  });

  it('shuffles each record in a retry, and tries earlier records first', () => {
    const { lane, store, takeAll } = rig();
    lane.add(store(1, 2));
    takeAll();
    expect(lane.end()).toBe(true);
    lane.add(store(3));
    lane.begin(true);
    expect(numbers(takeAll([0.9, 0.1]))).toEqual([2, 1, 3]);
  });

  it('knows which records were tried in an earlier round', () => {
    const { lane, store, takeAll } = rig();
    const [tried = 0] = store(1);
    lane.add([tried]);
    takeAll();
    lane.end();
    lane.begin(true);
    const [joined = 0] = store(2);
    lane.add([joined]);
    expect([tried, joined].map((record) => lane.wasTried(record))).toEqual([true, false]);
  });

  it('takes envelopes that its record got after its turn had come, and those that it got before', () => {
    const { lane, queue, store, takeAll } = rig();
    lane.add(store(1, 2));
    const grow = (...more: number[]) => {
      const { appendedAt } = queue.add(2, more.map(envelope), lane.growing);
      if (appendedAt === undefined) throw new Error('not appended');
      lane.grew(appendedAt);
    };
    grow(3);
    expect(numbers(takeAll())).toEqual([1, 2, 3]);
    grow(4, 5);
    expect([lane.hasWork, numbers(takeAll())]).toEqual([true, [4, 5]]);
  });

  it('grows no record of an earlier round', () => {
    const { lane, store, takeAll } = rig();
    lane.add(store(1));
    takeAll();
    expect([lane.growing, lane.end(), lane.growing]).toEqual([1, true, undefined]);
    lane.add(store(2));
    lane.begin(true);
    expect(lane.growing).toBeUndefined();
    lane.add(store(3));
    expect(lane.growing).toBe(3);
  });

  it('ends empty when every envelope is settled', () => {
    const { lane, open, store, takeAll } = rig();
    lane.add(store(1, 2));
    for (const held of takeAll()) open.settle(held, undefined);
    expect(lane.end()).toBe(false);
  });

  it('saves the progress of a record when it goes on to the next', () => {
    const { lane, queue, open, store } = rig();
    lane.add(store(1, 2));
    lane.add(store(3));
    const first = lane.take(() => 0);
    if (first !== undefined) open.settle(first, undefined);
    const second = lane.take(() => 0);
    expect(second && lane.isNewest(second.record)).toBe(true);
    lane.take(() => 0);
    expect(second && lane.isNewest(second.record)).toBe(false);
    expect(queue.read(1).map(({ index }) => index)).toEqual([1]);
  });
});
