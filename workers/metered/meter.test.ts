import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MeteredState, meterLog, meterOf, reset, use, worker } from './meter.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  reset();
});
afterEach(() => void vi.useRealTimers());

/** The state of an object. A statement with INSERT writes two rows; each other one has three rows. */
function stateOf(): MeteredState & { readonly waiting: Promise<unknown>[] } {
  const waiting: Promise<unknown>[] = [];
  const exec = (query: string) => {
    const cursor = {
      rowsRead: 0,
      rowsWritten: query.startsWith('INSERT') ? 2 : 0,
      *[Symbol.iterator]() {
        for (const row of query.startsWith('INSERT') ? [] : ['a', 'b', 'c']) {
          cursor.rowsRead += 1;
          yield row;
        }
      },
    };
    return cursor;
  };
  const kv = { get: (key: string) => key, list: () => [], put: () => undefined, delete: () => true };
  const alarms = { setAlarm: async () => undefined, deleteAlarm: async () => undefined };
  return { storage: { ...alarms, kv, sql: { exec } }, waitUntil: (work) => void waiting.push(work), waiting };
}

const twin = () => use().objects.TwinObject;

describe('meterOf', () => {
  it('counts rows of SQL as they are written and read', () => {
    const state = stateOf();
    meterOf('TwinObject', state);
    state.storage.sql.exec('INSERT INTO t VALUES (1), (2)');
    expect([...state.storage.sql.exec('SELECT * FROM t')]).toEqual(['a', 'b', 'c']);
    expect(twin()).toMatchObject({ rowsWritten: 2, rowsRead: 3 });
  });

  it('counts only the rows that were taken before the reader stopped', () => {
    const state = stateOf();
    meterOf('TwinObject', state);
    for (const _ of state.storage.sql.exec('SELECT * FROM t')) break;
    expect(twin().rowsRead).toBe(1);
  });

  it('counts each call of the key-value interface, and of an alarm, as one row', async () => {
    const state = stateOf();
    meterOf('StatsObject', state);
    const { kv } = state.storage;
    kv.put('a', 1);
    kv.delete('a');
    kv.list();
    expect(kv.get('a')).toBe('a');
    await state.storage.setAlarm(1);
    await state.storage.deleteAlarm();
    expect(use().objects.StatsObject).toMatchObject({ rowsWritten: 4, rowsRead: 2 });
    expect(twin()).toMatchObject({ rowsWritten: 0, rowsRead: 0 });
  });

  it('counts a wake for each state, once', () => {
    const state = stateOf();
    expect(meterOf('TwinObject', state)).toBe(meterOf('TwinObject', state));
    meterOf('TwinObject', stateOf());
    expect(twin().wakes).toBe(2);
    state.storage.kv.put('a', 1);
    expect(twin().rowsWritten).toBe(1);
  });
});

describe('during', () => {
  it('counts the time of overlapping work once', async () => {
    const meter = meterOf('TwinObject', stateOf());
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const both = [meter.during(first.promise), meter.during(second.promise)];
    vi.setSystemTime(10);
    first.resolve();
    await both[0];
    expect(use().active).toBe(1);
    vi.setSystemTime(30);
    second.resolve();
    await both[1];
    expect([use().active, twin().busyMs]).toEqual([0, 30]);
  });

  it('ends with work that fails', async () => {
    const meter = meterOf('TwinObject', stateOf());
    await expect(meter.during(Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(use().active).toBe(0);
  });

  it('covers background work, which may fail unseen', async () => {
    const state = stateOf();
    meterOf('TwinObject', state);
    const { promise, reject } = Promise.withResolvers<void>();
    state.waitUntil(promise);
    vi.setSystemTime(20);
    expect(use().active).toBe(1);
    reject(new Error('no'));
    await Promise.allSettled(state.waiting);
    await vi.waitUntil(() => use().active === 0);
    expect(twin().busyMs).toBe(20);
  });
});

describe('meterLog', () => {
  it('counts each line that is logged, and writes it', () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = { debug: write, error: write, info: write, log: write, warn: write };
    meterLog(log);
    const [full, left] = ['{"event":"full"}', '{"event":"left","node":1}'];
    log.error(full);
    log.warn(left);
    log.warn(left);
    log.debug('b');
    expect([use().logLines, lines]).toEqual([{ full: 1, left: 2, other: 1 }, [full, left, left, 'b']]);
    reset();
    expect(use().logLines).toEqual({});
  });
});

describe('reset', () => {
  it('forgets all counts, and the time before it of work that goes on', async () => {
    const meter = meterOf('TwinObject', stateOf());
    worker.requests += 1;
    meter.use.calls += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const working = meter.during(promise);
    vi.setSystemTime(100);
    reset();
    vi.setSystemTime(105);
    resolve();
    await working;
    expect([use().worker.requests, twin().calls, twin().wakes, twin().busyMs]).toEqual([0, 0, 0, 5]);
  });
});
