import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import { openSqlite } from '../../../../test/rig/relay/sqlite.ts';
import { type RoutedEnvelope, uidOf } from '../../send/routed-envelope.ts';
import { migrate } from '../../storage/schema.ts';
import { first, numberOf } from '../../storage/sql.ts';
import type { Attempted } from './drain.ts';
import { FederationQueue } from './federation-queue.ts';
import { FederationScheduler } from './federation-scheduler.ts';

const DONE: Attempted = { isSettled: true };
const FAILED: Attempted = { isSettled: false };

const envelope = (uid: string): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin: 2 },
  isRequest: true,
  failFast: false,
  expiresAt: 1000,
  bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
});
const envelopes = (count: number, name = 'm') => Array.from({ length: count }, (_, n) => envelope(`${name}${n}`));

/** A scheduler whose attempts end when the test says so, and whose relay takes batches. */
function rig() {
  const sql = openSqlite();
  migrate(sql);
  const open = () => new FederationQueue(sql, { maxMessages: 10_000, maxBytes: 1e7 });
  const ends: ((attempted: Attempted) => void)[] = [];
  const state = { now: 0, takesBatch: true, tried: 0, retried: 0 };
  const scheduler = new FederationScheduler(open(), {
    host: {
      now: () => state.now,
      wait: () => new Promise((resolve) => setImmediate(resolve)),
      background: () => undefined,
    },
    random: () => 0.5,
    attempt: async (_, isRetry, inFlight) => {
      if (isRetry) state.retried += 1;
      else state.tried += 1;
      const attempted = await new Promise<Attempted>((resolve) => void ends.push(resolve));
      inFlight.takesBatch = state.takesBatch;
      return attempted;
    },
    report: () => undefined,
    wakeAt: async () => undefined,
  });
  /** Ends every attempt that runs, in one turn, and lets what follows happen. */
  const end = async (attempted: Attempted, most = ends.length) => {
    for (const each of ends.splice(0, most)) each(attempted);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Sends one envelope, so that the relay is known to take batches. */
  const warm = async () => {
    await scheduler.accept(2, [envelope('first')]);
    await end(DONE);
    state.tried = 0;
  };
  const written = () => numberOf(first(sql.exec('SELECT total_changes() AS n')), 'n');
  const rows = () => numberOf(first(sql.exec('SELECT count(*) AS n FROM federation')), 'n');
  /** The envelopes that a crash now would repeat or send. */
  const open_ = () => {
    const queue = open();
    return queue.list().flatMap(({ id }) => queue.read(id).map((each) => uidOf(each.envelope.bytes)));
  };
  return { scheduler, state, ends, end, warm, written, rows, left: open_ };
}

describe('FederationScheduler with a relay that takes batches', () => {
  it('learns it from the first answers, and sends the rest of the lane at once', async () => {
    const { scheduler, state, ends, end } = rig();
    await scheduler.accept(2, envelopes(40));
    expect(ends).toHaveLength(2);
    await end(DONE, 1);
    expect([ends.length, state.tried]).toEqual([39, 40]);
  });

  it('writes one row for a burst, and one to settle it', async () => {
    const { scheduler, end, warm, written, rows, left } = rig();
    await warm();
    const before = written();
    for (const part of ['a', 'b', 'c']) await scheduler.accept(2, envelopes(11, part));
    expect([rows(), written() - before]).toEqual([1, 3]);
    await end(DONE);
    expect([rows(), written() - before, left()]).toEqual([0, 4, []]);
  });

  it('saves the progress of a long lane once for each batch that was answered', async () => {
    const { scheduler, end, warm, written, left } = rig();
    await warm();
    await scheduler.accept(2, envelopes(200));
    const before = written();
    await end(DONE, 50);
    expect([written() - before, left().length]).toEqual([0, 200]);
    await end(DONE, 100);
    expect([written() - before, left().length]).toEqual([1, 50]);
  });

  it('saves with an error that is sent, in the same turn', async () => {
    const { scheduler, end, warm, left } = rig();
    await warm();
    await scheduler.accept(2, envelopes(10));
    await end({ isSettled: true, reason: 'rejected' }, 1);
    expect(left()).toHaveLength(9);
  });

  it('starts a retry with two envelopes, and goes on with all once one is settled', async () => {
    const { scheduler, state, ends, end, warm, left } = rig();
    await warm();
    await scheduler.accept(2, envelopes(30));
    expect(ends).toHaveLength(30);
    await end(FAILED);
    state.now = 10_000;
    await scheduler.tick();
    expect([ends.length, state.retried]).toEqual([2, 2]);
    await end(DONE, 1);
    expect([ends.length, state.retried]).toEqual([29, 30]);
    await end(DONE);
    expect(left()).toEqual([]);
  });

  it('sends one envelope at a time of a lane that keeps its order, and saves its progress as before', async () => {
    const { scheduler, ends, end, warm, written, left } = rig();
    await warm();
    await scheduler.accept(2, envelopes(20), true);
    const before = written();
    for (let n = 0; n < 17; n += 1) {
      expect(ends).toHaveLength(1);
      await end(DONE);
    }
    expect([written() - before, left().length]).toEqual([1, 4]);
  });

  it('is careful again once the relay takes no batches any more', async () => {
    const { scheduler, state, ends, end, warm } = rig();
    await warm();
    state.takesBatch = false;
    await scheduler.accept(2, envelopes(5));
    await end(DONE);
    await scheduler.accept(2, envelopes(5));
    expect(ends).toHaveLength(2);
  });
});
