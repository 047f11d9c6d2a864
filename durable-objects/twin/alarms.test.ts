import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { Alarms } from './alarms.ts';
import { migrate } from './schema.ts';
import { first, numberOf, type Sql } from './sql.ts';

type Name = 'one' | 'two';

function openAlarms() {
  const sql = openSqlite();
  migrate(sql);
  const platform = {
    at: undefined as number | undefined,
    writes: 0,
    isBroken: false,
    async setAlarm(at: number) {
      platform.at = at;
      platform.writes += 1;
    },
    async deleteAlarm() {
      platform.at = undefined;
      platform.writes += 1;
    },
  };
  const flaky: Sql = {
    exec: (query, ...bindings) => {
      if (platform.isBroken) throw new Error('disk full');
      return sql.exec(query, ...bindings);
    },
  };
  const failures: string[] = [];
  const fails = (name: Name | undefined, error: unknown) => void failures.push(`${name}: ${String(error)}`);
  const open = () => new Alarms<Name>(flaky, platform, ['one', 'two'], fails);
  const rows = () => numberOf(first(sql.exec('SELECT total_changes() AS n')), 'n');
  return {
    platform,
    failures,
    alarms: open(),
    reopen: open,
    /** Rows written, those of the platform's alarm among them. */
    written: () => rows() + platform.writes,
    /** The platform's alarm goes off: it is none any more. */
    ring: async (alarms: Alarms<Name>, handlers: Record<Name, () => Promise<void>>) => {
      const now = platform.at ?? 0;
      platform.at = undefined;
      await alarms.run(now, handlers);
    },
  };
}

const nothing = { one: async () => undefined, two: async () => undefined };
const broken = () => Promise.reject(new Error('broken'));

describe('Alarms', () => {
  it('sets the platform to the earliest of its names', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 200);
    await alarms.arm('two', 100);
    expect(platform.at).toBe(100);
    await alarms.cancel('two');
    expect(platform.at).toBe(200);
  });

  it('keeps the earlier time of a name', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.arm('one', 200);
    expect(platform.at).toBe(100);
    await alarms.arm('one', 50);
    expect(platform.at).toBe(50);
  });

  it('runs what is due, after a sleep too, and leaves the rest armed', async () => {
    const { alarms, platform, reopen } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.arm('two', 200);
    const ran: string[] = [];
    await reopen().run(150, { one: async () => void ran.push('one'), two: async () => void ran.push('two') });
    expect(ran).toEqual(['one']);
    expect(platform.at).toBe(200);
  });

  it('is set again, once after waking, should the platform have forgotten it', async () => {
    const { alarms, platform, reopen } = openAlarms();
    await alarms.arm('one', 10_000);
    platform.at = undefined;
    const woken = reopen();
    await woken.revive();
    expect(platform.at).toBe(10_000);
    platform.at = undefined;
    await woken.revive();
    expect(platform.at).toBeUndefined();
  });

  it('leaves no platform alarm when nothing is left', async () => {
    const { alarms, platform, ring } = openAlarms();
    await alarms.arm('one', 100);
    await ring(alarms, nothing);
    expect(platform.at).toBeUndefined();
    await alarms.arm('one', 100);
    await alarms.cancel('one');
    expect(platform.at).toBeUndefined();
  });

  it('writes no row that it can spare', async () => {
    const { alarms, platform, ring, written } = openAlarms();
    const counted = async (work: () => Promise<void>) => {
      const before = written();
      await work();
      return written() - before;
    };
    expect(await counted(() => alarms.arm('one', 100))).toBe(2);
    // A later one, and an equal one, do not move the platform's.
    expect(await counted(() => alarms.arm('one', 200))).toBe(0);
    expect(await counted(() => alarms.arm('two', 100))).toBe(1);
    // Both arm themselves again: a row each, and the platform's once.
    const again = { one: () => alarms.arm('one', 900), two: () => alarms.arm('two', 800) };
    expect(await counted(() => ring(alarms, again))).toBe(3);
    expect(platform.at).toBe(800);
    // What rings for the last time is taken back, and the platform's is gone by itself.
    expect(await counted(() => ring(alarms, nothing))).toBe(2);
    expect(await counted(() => ring(alarms, nothing))).toBe(1);
  });

  it('lets a handler arm its own name again', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.run(100, { ...nothing, one: () => alarms.arm('one', 500) });
    expect(platform.at).toBe(500);
  });

  it('runs again what its object died in the middle of', async () => {
    const { alarms, reopen } = openAlarms();
    await alarms.arm('one', 100);
    void alarms.run(100, { ...nothing, one: () => new Promise(() => undefined) });
    const ran: string[] = [];
    await reopen().run(100, { ...nothing, one: async () => void ran.push('one') });
    expect(ran).toEqual(['one']);
  });

  it('runs the others when one fails, says so, and tries it again later and later', async () => {
    const { alarms, platform, failures, ring } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.arm('two', 100);
    const ran: string[] = [];
    await ring(alarms, { one: broken, two: async () => void ran.push('two') });
    expect([ran, failures]).toEqual([['two'], ['one: Error: broken']]);
    const delays: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      const now = platform.at ?? 0;
      await ring(alarms, { ...nothing, one: broken });
      delays.push(((platform.at ?? 0) - now) / 1000);
    }
    // Were it thrown, the platform would give up after six retries, and what waits would lie there for ever.
    expect(delays).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    await ring(alarms, { ...nothing, one: async () => void ran.push('one') });
    expect([ran, platform.at]).toEqual([['two', 'one'], undefined]);
  });

  it('does not let what keeps failing arm itself in no time', async () => {
    const { alarms, platform, ring } = openAlarms();
    await alarms.arm('one', 100);
    const handlers = { ...nothing, one: () => alarms.arm('one', 101).then(broken) };
    await ring(alarms, handlers);
    expect(platform.at).toBe(5_100);
  });

  it('comes again when the storage fails under it', async () => {
    const { alarms, platform, failures, ring, reopen } = openAlarms();
    await alarms.arm('one', 100);
    platform.isBroken = true;
    await ring(reopen(), nothing);
    expect([platform.at, failures]).toEqual([600_100, ['undefined: Error: disk full']]);
    platform.isBroken = false;
    const ran: string[] = [];
    await ring(reopen(), { ...nothing, one: async () => void ran.push('one') });
    expect(ran).toEqual(['one']);
  });
});
