import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../test/rig/sqlite.ts';
import { migrate } from '../schema.ts';
import type { FederatedMessage } from './bundle.ts';
import { type Attempted, type Hold, Lanes } from './lanes.ts';
import { FederationOutbox } from './outbox.ts';

const LATER: Attempted = { settled: false };
const DONE: Attempted = { settled: true };

const message = (uid: string, twin = 2, expiresAt = 1000): FederatedMessage => ({
  from: { twin: 1 },
  host: 'relay.example',
  to: { twin },
  uid,
  isRequest: true,
  failFast: false,
  expiresAt,
  bytes: new Uint8Array(10),
});

/** Lanes over a real SQLite, a clock by hand, and attempts that end as `answer` says. */
function openLanes(answer: (message: FederatedMessage, hold: Hold) => Attempted | Promise<Attempted>) {
  const sql = openSqlite();
  migrate(sql);
  const outbox = () => new FederationOutbox(sql, { maxMessages: 100, maxBytes: 1e6 });
  const seen = {
    now: 0,
    tried: [] as string[],
    retried: [] as string[],
    reported: [] as string[],
    wake: Number.POSITIVE_INFINITY,
    answer,
  };
  const open = () =>
    new Lanes(outbox(), {
      now: () => seen.now,
      random: () => 0.5,
      attempt: async (each, isRetry, hold) => {
        (isRetry ? seen.retried : seen.tried).push(each.uid);
        return seen.answer(each, hold);
      },
      report: ({ uid }, reason) => void seen.reported.push(`${uid} ${reason}`),
      background: () => undefined,
      wakeAt: async (at) => {
        seen.wake = Math.min(seen.wake, at);
      },
    });
  /** Lets everything that can go on go on. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const rig = Object.assign(seen, {
    lanes: open(),
    open,
    settle,
    left: () => outbox().list().length,
    /** Sleeps until the alarm, and lets it ring. */
    ring: async () => {
      seen.now = Math.max(seen.now, seen.wake);
      seen.wake = Number.POSITIVE_INFINITY;
      await rig.lanes.tick();
      await settle();
    },
  });
  return rig;
}

describe('Lanes', () => {
  it('bring away what is accepted, two at a time, and nothing stays', async () => {
    const gates: (() => void)[] = [];
    const rig = openLanes(() => new Promise((resolve) => gates.push(() => resolve(DONE))));
    await rig.lanes.accept(
      2,
      ['a', 'b', 'c'].map((uid) => message(uid)),
    );
    await rig.lanes.accept(2, [message('d')]);
    expect(rig.tried).toEqual(['a', 'b']);
    for (let n = 0; n < 4; n += 1) {
      gates[n]?.();
      await rig.settle();
    }
    expect([rig.tried, rig.reported, rig.left()]).toEqual([['a', 'b', 'c', 'd'], [], 0]);
  });

  it('have themselves woken from the moment in which they store', async () => {
    const rig = openLanes(() => new Promise(() => undefined));
    await rig.lanes.accept(2, [message('a')]);
    expect(rig.wake).toBe(5_000);
    await rig.lanes.accept(3, [message('b', 3, 2)]);
    expect(rig.wake).toBe(2_000);
  });

  it('tell the sender what an attempt came to, once', async () => {
    const rig = openLanes(({ uid }) => ({ settled: true, reason: uid === 'a' ? 'rejected' : undefined }));
    await rig.lanes.accept(2, [message('a'), message('b')]);
    await rig.settle();
    expect([rig.reported, rig.left()]).toEqual([['a rejected'], 0]);
  });

  it('try again later, each time a little later, and end with the time of the message', async () => {
    const rig = openLanes(() => LATER);
    await rig.lanes.accept(2, [message('a', 2, 100)]);
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

  it('take up what a crash left, without trying again what its sender was told of', async () => {
    const rig = openLanes(({ uid }) =>
      uid === 'b' ? { settled: true, reason: 'rejected' } : new Promise(() => undefined),
    );
    await rig.lanes.accept(
      2,
      ['b', 'a', 'c'].map((uid) => message(uid)),
    );
    await rig.settle();
    rig.lanes = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect([rig.retried.toSorted(), rig.left()]).toEqual([['a', 'c'], 0]);
  });

  it('take up after a crash only what was open when a round was over', async () => {
    const rig = openLanes(({ uid }) => (uid === 'b' ? DONE : LATER));
    await rig.lanes.accept(
      2,
      ['b', 'a', 'c'].map((uid) => message(uid)),
    );
    await rig.settle();
    rig.lanes = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect([rig.retried.toSorted(), rig.left()]).toEqual([['a', 'c'], 0]);
  });

  it('take up after a crash, of bundles that were gone through, only what was open', async () => {
    const rig = openLanes(({ uid }) =>
      uid.startsWith('hang') ? new Promise(() => undefined) : uid.startsWith('full') ? LATER : DONE,
    );
    for (let bundle = 0; bundle < 5; bundle += 1) {
      const good = Array.from({ length: 9 }, (_, n) => message(`good${bundle}-${n}`));
      await rig.lanes.accept(2, [message(`full${bundle}`), ...good]);
    }
    await rig.lanes.accept(2, [message('hang0'), message('hang1')]);
    await rig.settle();
    expect(rig.tried).toHaveLength(52);
    rig.lanes = rig.open();
    rig.answer = () => DONE;
    await rig.ring();
    expect(rig.retried.toSorted()).toEqual(['full0', 'full1', 'full2', 'full3', 'full4', 'hang0', 'hang1']);
  });

  it('let a twin whose relay is dead delay no other', async () => {
    const rig = openLanes(({ to }) => (to.twin === 2 ? LATER : DONE));
    await rig.lanes.accept(
      2,
      Array.from({ length: 20 }, (_, n) => message(`dead${n}`)),
    );
    await rig.lanes.accept(3, [message('live', 3)]);
    await rig.settle();
    expect(rig.tried).toContain('live');
    // A few failures say enough: the rest of the lane waits, and so does what comes meanwhile.
    expect(rig.tried.length).toBeLessThan(8);
    await rig.lanes.accept(2, [message('new')]);
    await rig.settle();
    expect(rig.tried).not.toContain('new');
    rig.answer = () => DONE;
    await rig.ring();
    expect(rig.left()).toBe(0);
  });

  it('let one message that always fails hold up no other of its twin', async () => {
    const rig = openLanes(({ uid }) => (uid.startsWith('full') ? LATER : DONE));
    await rig.lanes.accept(
      2,
      ['full0', 'full1', 'a', 'b'].map((uid) => message(uid)),
    );
    await rig.settle();
    await rig.lanes.accept(2, [message('c')]);
    await rig.settle();
    expect(rig.tried).toEqual(['full0', 'full1', 'a', 'b', 'c']);
  });

  it('give a message that joins a round of retries its first attempt', async () => {
    const gate = Promise.withResolvers<Attempted>();
    const rig = openLanes(() => LATER);
    await rig.lanes.accept(2, [message('a')]);
    await rig.settle();
    rig.answer = ({ uid }) => (uid === 'a' ? gate.promise : DONE);
    await rig.ring();
    await rig.lanes.accept(2, [message('b')]);
    await rig.settle();
    gate.resolve(DONE);
    await rig.settle();
    expect([rig.tried, rig.retried, rig.left()]).toEqual([['a', 'b'], ['a'], 0]);
  });

  it('try again in time though fresh messages come and go all the while', async () => {
    const rig = openLanes(({ uid }) => (uid === 'failed' ? LATER : DONE));
    await rig.lanes.accept(2, [message('failed')]);
    await rig.settle();
    rig.answer = () => DONE;
    for (rig.now = 1000; rig.now < 8000; rig.now += 1000) {
      await rig.lanes.accept(2, [message(`fresh${rig.now}`)]);
      await rig.settle();
    }
    expect([rig.retried.includes('failed'), rig.left()]).toEqual([true, 0]);
  });

  it('try again in time in the middle of a round that does not end', async () => {
    const rig = openLanes(({ uid }) => (uid === 'failed' ? LATER : DONE));
    await rig.lanes.accept(2, [message('failed')]);
    await rig.settle();
    rig.answer = async ({ uid }) => {
      if (uid !== 'failed' && rig.now < 60_000) {
        rig.now += 1000;
        await rig.lanes.accept(2, [message(`${rig.now}`)]);
      }
      return DONE;
    };
    await rig.lanes.accept(2, [message('first')]);
    await rig.settle();
    expect(rig.tried.length + rig.retried.length).toBeGreaterThan(50);
    expect(rig.retried.indexOf('failed')).toBeGreaterThanOrEqual(0);
    expect(rig.left()).toBe(0);
  });

  it('tell of what expires while it waits for its turn, but not while its request is under way', async () => {
    const holds: Hold[] = [];
    const ends: ((attempted: Attempted) => void)[] = [];
    const rig = openLanes((_, hold) => {
      holds.push(hold);
      return new Promise((resolve) => ends.push(resolve));
    });
    await rig.lanes.accept(
      2,
      ['posting', 'pausing', 'queued'].map((uid) => message(uid, 2, 3)),
    );
    if (holds[0] !== undefined) holds[0].posting = true;
    await rig.ring();
    expect(rig.now).toBe(3_000);
    expect(rig.reported.toSorted()).toEqual(['pausing expired', 'queued expired']);
    ends[0]?.(DONE);
    ends[1]?.(LATER);
    await rig.settle();
    expect([rig.reported.length, rig.left(), rig.tried]).toEqual([2, 0, ['posting', 'pausing']]);
  });

  it('refuse what is too much', async () => {
    const rig = openLanes(() => new Promise(() => undefined));
    const full = await rig.lanes.accept(
      2,
      Array.from({ length: 101 }, (_, n) => message(`m${n}`)),
    );
    expect(full.map(({ uid }) => uid)).toEqual(['m100']);
  });
});
