import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../../proto/envelope/envelope.ts';
import { openSqlite } from '../../../../test/rig/relay/sqlite.ts';
import { type RoutedEnvelope, uidOf } from '../../send/routed-envelope.ts';
import { migrate } from '../../storage/schema.ts';
import type { Attempted } from './drain.ts';
import { FederationQueue } from './federation-queue.ts';
import { FederationScheduler } from './federation-scheduler.ts';
import type { InFlight } from './open-envelopes.ts';

const FAILED: Attempted = { isSettled: false };
const DONE: Attempted = { isSettled: true };

const envelope = (uid: string, twin = 2, expiresAt = 1000): RoutedEnvelope => ({
  from: { twin: 1, host: 'relay.example' },
  to: { twin },
  isRequest: true,
  failFast: false,
  expiresAt,
  bytes: encodeEnvelope({ uid, timestamp: 0n, expiration: 0n, relays: [] }),
});
/** An envelope of an attempt, by its uid. */
interface Tried {
  readonly uid: string;
  readonly twin: number;
}
type Answer = (tried: Tried, inFlight: InFlight) => Attempted | Promise<Attempted>;

/** A scheduler over a real SQLite, a clock that the test sets, and attempts that end as `answer` says. */
function openScheduler(answer: Answer) {
  const sql = openSqlite();
  migrate(sql);
  const queue = () => new FederationQueue(sql, { maxMessages: 100, maxBytes: 1e6 });
  const seen = {
    now: 0,
    tried: [] as string[],
    retried: [] as string[],
    reported: [] as string[],
    wake: Number.POSITIVE_INFINITY,
    answer,
  };
  const open = () =>
    new FederationScheduler(queue(), {
      host: { now: () => seen.now, wait: async () => undefined, background: () => undefined },
      random: () => 0.5,
      attempt: async ({ bytes, to }, isRetry, inFlight) => {
        const uid = uidOf(bytes);
        (isRetry ? seen.retried : seen.tried).push(uid);
        return seen.answer({ uid, twin: to.twin }, inFlight);
      },
      report: ({ bytes }, reason) => void seen.reported.push(`${uidOf(bytes)} ${reason}`),
      wakeAt: async (at) => {
        seen.wake = Math.min(seen.wake, at);
      },
    });
  /** Resolves when nothing can go on. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const rig = Object.assign(seen, {
    scheduler: open(),
    open,
    settle,
    left: () => queue().list().length,
    /** Sets the clock to the alarm and runs it. */
    ring: async () => {
      seen.now = Math.max(seen.now, seen.wake);
      seen.wake = Number.POSITIVE_INFINITY;
      await rig.scheduler.tick();
      await settle();
    },
  });
  return rig;
}

describe('FederationScheduler', () => {
  it('delivers accepted envelopes two at a time and keeps none', async () => {
    const gates: (() => void)[] = [];
    const rig = openScheduler(() => new Promise((resolve) => gates.push(() => resolve(DONE))));
    await rig.scheduler.accept(
      2,
      ['a', 'b', 'c'].map((uid) => envelope(uid)),
    );
    await rig.scheduler.accept(2, [envelope('d')]);
    expect(rig.tried).toEqual(['a', 'b']);
    for (let n = 0; n < 4; n += 1) {
      gates[n]?.();
      await rig.settle();
    }
    expect([rig.tried, rig.reported, rig.left()]).toEqual([['a', 'b', 'c', 'd'], [], 0]);
  });

  it('arms its alarm in the turn that stores', async () => {
    const rig = openScheduler(() => new Promise(() => undefined));
    await rig.scheduler.accept(2, [envelope('a')]);
    expect(rig.wake).toBe(5_000);
    await rig.scheduler.accept(3, [envelope('b', 3, 2)]);
    expect(rig.wake).toBe(2_000);
  });

  it('reports a refusal to the sender once', async () => {
    const rig = openScheduler(({ uid }) => ({ isSettled: true, reason: uid === 'a' ? 'rejected' : undefined }));
    await rig.scheduler.accept(2, [envelope('a'), envelope('b')]);
    await rig.settle();
    expect([rig.reported, rig.left()]).toEqual([['a rejected'], 0]);
  });

  it('retries at growing intervals until the envelope expires', async () => {
    const rig = openScheduler(() => FAILED);
    await rig.scheduler.accept(2, [envelope('a', 2, 100)]);
    await rig.settle();
    const times: number[] = [];
    while (rig.left() > 0) {
      const before = rig.retried.length;
      await rig.ring();
      if (rig.retried.length > before) times.push(Math.round(rig.now / 1000));
    }
    expect(times).toEqual([5, 13, 24, 41, 66, 96]);
    expect([rig.reported, rig.now]).toEqual([['a expired'], 100_000]);
  });

  it('resumes after a crash without a retry of a reported envelope', async () => {
    const rig = openScheduler(({ uid }) =>
      uid === 'b' ? { isSettled: true, reason: 'rejected' } : new Promise(() => undefined),
    );
    await rig.scheduler.accept(
      2,
      ['b', 'a', 'c'].map((uid) => envelope(uid)),
    );
    await rig.settle();
    rig.scheduler = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect([rig.retried.toSorted(), rig.left()]).toEqual([['a', 'c'], 0]);
  });

  it('resumes after a crash only the envelopes that were open at the end of a round', async () => {
    const rig = openScheduler(({ uid }) => (uid === 'b' ? DONE : FAILED));
    await rig.scheduler.accept(
      2,
      ['b', 'a', 'c'].map((uid) => envelope(uid)),
    );
    await rig.settle();
    rig.scheduler = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect([rig.retried.toSorted(), rig.left()]).toEqual([['a', 'c'], 0]);
  });

  it('resumes after a crash only the open envelopes of finished records', async () => {
    const rig = openScheduler(({ uid }) =>
      uid.startsWith('hang') ? new Promise(() => undefined) : uid.startsWith('full') ? FAILED : DONE,
    );
    for (let bundle = 0; bundle < 5; bundle += 1) {
      const good = Array.from({ length: 9 }, (_, n) => envelope(`good${bundle}-${n}`));
      await rig.scheduler.accept(2, [envelope(`full${bundle}`), ...good]);
    }
    await rig.scheduler.accept(2, [envelope('hang0'), envelope('hang1')]);
    await rig.settle();
    expect(rig.tried).toHaveLength(52);
    rig.scheduler = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect(rig.retried.toSorted()).toEqual(['full0', 'full1', 'full2', 'full3', 'full4', 'hang0', 'hang1']);
  });

  it('does not let a twin with a dead relay delay another twin', async () => {
    const rig = openScheduler(({ twin }) => (twin === 2 ? FAILED : DONE));
    await rig.scheduler.accept(
      2,
      Array.from({ length: 20 }, (_, n) => envelope(`dead${n}`)),
    );
    await rig.scheduler.accept(3, [envelope('live', 3)]);
    await rig.settle();
    expect(rig.tried).toContain('live');
    // After a few failures the rest of the lane waits, and so does an envelope that comes meanwhile.
    expect(rig.tried.length).toBeLessThan(8);
    await rig.scheduler.accept(2, [envelope('new')]);
    await rig.settle();
    expect(rig.tried).not.toContain('new');
    rig.answer = () => DONE;
    await rig.ring();
    expect(rig.left()).toBe(0);
  });

  it('does not let an envelope that always fails delay others of its twin', async () => {
    const rig = openScheduler(({ uid }) => (uid.startsWith('full') ? FAILED : DONE));
    await rig.scheduler.accept(
      2,
      ['full0', 'full1', 'a', 'b'].map((uid) => envelope(uid)),
    );
    await rig.settle();
    await rig.scheduler.accept(2, [envelope('c')]);
    await rig.settle();
    expect(rig.tried).toEqual(['full0', 'full1', 'a', 'b', 'c']);
  });

  it('gives an envelope that joins a round of retries its first attempt', async () => {
    const gate = Promise.withResolvers<Attempted>();
    const rig = openScheduler(() => FAILED);
    await rig.scheduler.accept(2, [envelope('a')]);
    await rig.settle();
    rig.answer = ({ uid }) => (uid === 'a' ? gate.promise : DONE);
    await rig.ring();
    await rig.scheduler.accept(2, [envelope('b')]);
    await rig.settle();
    gate.resolve(DONE);
    await rig.settle();
    expect([rig.tried, rig.retried, rig.left()]).toEqual([['a', 'b'], ['a'], 0]);
  });

  it('retries in time while new envelopes come and go', async () => {
    const rig = openScheduler(({ uid }) => (uid === 'failed' ? FAILED : DONE));
    await rig.scheduler.accept(2, [envelope('failed')]);
    await rig.settle();
    rig.answer = () => DONE;
    for (rig.now = 1000; rig.now < 8000; rig.now += 1000) {
      await rig.scheduler.accept(2, [envelope(`fresh${rig.now}`)]);
      await rig.settle();
    }
    expect([rig.retried.includes('failed'), rig.left()]).toEqual([true, 0]);
  });

  it('retries in time during a round that does not end', async () => {
    const rig = openScheduler(({ uid }) => (uid === 'failed' ? FAILED : DONE));
    await rig.scheduler.accept(2, [envelope('failed')]);
    await rig.settle();
    rig.answer = async ({ uid }) => {
      if (uid !== 'failed' && rig.now < 60_000) {
        rig.now += 1000;
        await rig.scheduler.accept(2, [envelope(`${rig.now}`)]);
      }
      return DONE;
    };
    await rig.scheduler.accept(2, [envelope('first')]);
    await rig.settle();
    expect(rig.tried.length + rig.retried.length).toBeGreaterThan(50);
    expect(rig.retried.indexOf('failed')).toBeGreaterThanOrEqual(0);
    expect(rig.left()).toBe(0);
  });

  it('reports an envelope that expires in the queue, but not while its request is in flight', async () => {
    const inFlights: InFlight[] = [];
    const ends: ((attempted: Attempted) => void)[] = [];
    const rig = openScheduler((_, inFlight) => {
      inFlights.push(inFlight);
      return new Promise((resolve) => ends.push(resolve));
    });
    await rig.scheduler.accept(
      2,
      ['posting', 'pausing', 'queued'].map((uid) => envelope(uid, 2, 3)),
    );
    if (inFlights[0] !== undefined) inFlights[0].posting = true;
    await rig.ring();
    expect(rig.now).toBe(3_000);
    expect(rig.reported.toSorted()).toEqual(['pausing expired', 'queued expired']);
    ends[0]?.(DONE);
    ends[1]?.(FAILED);
    await rig.settle();
    expect([rig.reported.length, rig.left(), rig.tried]).toEqual([2, 0, ['posting', 'pausing']]);
  });

  it('returns envelopes that find no room', async () => {
    const rig = openScheduler(() => new Promise(() => undefined));
    const full = await rig.scheduler.accept(
      2,
      Array.from({ length: 101 }, (_, n) => envelope(`m${n}`)),
    );
    expect(full.map(({ bytes }) => uidOf(bytes))).toEqual(['m100']);
  });

  it('keeps the order of a lane that must, one after the other, also in a retry', async () => {
    let fail: () => void = () => undefined;
    const rig = openScheduler(() => new Promise((resolve) => (fail = () => resolve(FAILED))));
    const uids = ['a', 'b', 'c'];
    await rig.scheduler.accept(
      2,
      uids.map((uid) => envelope(uid)),
      true,
    );
    for (let n = 1; n <= uids.length; n += 1) {
      expect([rig.tried, rig.scheduler.isBusy(2)]).toEqual([uids.slice(0, n), true]);
      fail();
      await rig.settle();
    }
    rig.answer = () => DONE;
    await rig.ring();
    expect([rig.tried, rig.retried]).toEqual([uids, uids]);
    expect([rig.left(), rig.scheduler.isBusy(2)]).toEqual([0, false]);
  });

  it('adopts all envelopes in one turn, or none', async () => {
    const rig = openScheduler(() => new Promise(() => undefined));
    const mail = Array.from({ length: 60 }, (_, n) => envelope(`${n}`));
    const adopted = rig.scheduler.adopt(2, mail);
    expect([rig.left(), rig.scheduler.adopt(2, mail), rig.left()]).toEqual([1, undefined, 1]);
    await adopted;
    expect(rig.wake).toBe(5_000);
  });
});
