import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../test/rig/relay/sqlite.ts';
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
    refuses: false,
    async setAlarm(at: number) {
      if (platform.refuses) throw new Error('no alarm');
      platform.at = at;
      platform.writes += 1;
    },
    async deleteAlarm() {
      if (platform.refuses) throw new Error('no alarm');
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
    /** Opens the alarms as later code, which has another name. */
    openLater: () => new Alarms<Name | 'later'>(flaky, platform, ['one', 'two', 'later'], () => undefined),
    /** Returns the rows written, with those of the platform's alarm. */
    written: () => rows() + platform.writes,
    /** Fires the platform's alarm. */
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
  it('sets the platform’s alarm to the earliest name', async () => {
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

  it('runs handlers in time after a sleep, and leaves the others armed', async () => {
    const { alarms, platform, reopen } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.arm('two', 200);
    const ran: string[] = [];
    await reopen().run(150, { one: async () => void ran.push('one'), two: async () => void ran.push('two') });
    expect(ran).toEqual(['one']);
    expect(platform.at).toBe(200);
  });

  it('sets an alarm that the platform forgot once after waking', async () => {
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

  it('leaves no platform alarm when nothing is armed', async () => {
    const { alarms, platform, ring } = openAlarms();
    await alarms.arm('one', 100);
    await ring(alarms, nothing);
    expect(platform.at).toBeUndefined();
    await alarms.arm('one', 100);
    await alarms.cancel('one');
    expect(platform.at).toBeUndefined();
  });

  it('writes as few rows as possible', async () => {
    const { alarms, platform, ring, written } = openAlarms();
    const counted = async (work: () => Promise<void>) => {
      const before = written();
      await work();
      return written() - before;
    };
    expect(await counted(() => alarms.arm('one', 100))).toBe(2);
    // A later and an equal time do not move the platform's alarm.
    expect(await counted(() => alarms.arm('one', 200))).toBe(0);
    expect(await counted(() => alarms.arm('two', 100))).toBe(1);
    // Both arm themselves again: a row each, and one for the platform's alarm.
    const again = { one: () => alarms.arm('one', 900), two: () => alarms.arm('two', 800) };
    expect(await counted(() => ring(alarms, again))).toBe(3);
    expect(platform.at).toBe(800);
    // A last run removes its row; the platform's alarm is gone by itself.
    expect(await counted(() => ring(alarms, nothing))).toBe(2);
    expect(await counted(() => ring(alarms, nothing))).toBe(1);
  });

  it('lets a handler arm its own name again', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.run(100, { ...nothing, one: () => alarms.arm('one', 500) });
    expect(platform.at).toBe(500);
  });

  it('runs a handler again if its object died', async () => {
    const { alarms, reopen } = openAlarms();
    await alarms.arm('one', 100);
    void alarms.run(100, { ...nothing, one: () => new Promise(() => undefined) });
    const ran: string[] = [];
    await reopen().run(100, { ...nothing, one: async () => void ran.push('one') });
    expect(ran).toEqual(['one']);
  });

  it('runs other handlers when one fails, reports it, and retries it at growing intervals', async () => {
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
    // If it rejected, the platform would stop after six retries, and the mail would wait for ever.
    expect(delays).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    await ring(alarms, { ...nothing, one: async () => void ran.push('one') });
    expect([ran, platform.at]).toEqual([['two', 'one'], undefined]);
  });

  it('does not let a failing handler arm itself sooner than its retry', async () => {
    const { alarms, platform, ring } = openAlarms();
    await alarms.arm('one', 100);
    const handlers = { ...nothing, one: () => alarms.arm('one', 101).then(broken) };
    await ring(alarms, handlers);
    expect(platform.at).toBe(5_100);
  });

  it('runs again after a storage failure', async () => {
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

  it('keeps the platform’s alarm for a name of later code, whose row stays, and looks again every ten minutes', async () => {
    const { platform, reopen, openLater } = openAlarms();
    await openLater().arm('later', 1_000);
    const alarms = reopen();
    await alarms.arm('one', 2_000);
    await alarms.cancel('one');
    expect(platform.at).toBe(1_000);
    await alarms.run(1_000, nothing);
    expect(platform.at).toBe(601_000);
    await reopen().run(601_000, nothing);
    expect(platform.at).toBe(1_201_000);
    const ran: string[] = [];
    await openLater().run(1_201_000, { ...nothing, later: async () => void ran.push('later') });
    expect(ran).toEqual(['later']);
  });

  it('does not fail its caller when the platform sets no alarm, and sets it at the next call', async () => {
    const { alarms, platform, failures } = openAlarms();
    platform.refuses = true;
    await alarms.arm('one', 100);
    expect([platform.at, failures]).toEqual([undefined, ['undefined: Error: no alarm']]);
    platform.refuses = false;
    // Neither is earlier than the one that is not set.
    await alarms.arm('one', 200);
    expect(platform.at).toBe(100);
    platform.refuses = true;
    await alarms.arm('two', 50);
    platform.refuses = false;
    await alarms.revive();
    expect(platform.at).toBe(50);
  });

  it('does not fail its caller when a row cannot be written, and writes it at the next call', async () => {
    const { alarms, platform, failures, reopen } = openAlarms();
    platform.isBroken = true;
    await alarms.arm('one', 100);
    await alarms.cancel('one');
    expect([platform.at, failures.length]).toEqual([undefined, 2]);
    platform.isBroken = false;
    await alarms.arm('one', 100);
    expect(platform.at).toBe(100);
    const ran: string[] = [];
    await reopen().run(100, { ...nothing, one: async () => void ran.push('one') });
    expect(ran).toEqual(['one']);
  });

  it('leaves an alarm that it cannot delete: it finds nothing to do', async () => {
    const { alarms, platform, ring, failures } = openAlarms();
    await alarms.arm('one', 100);
    platform.refuses = true;
    await alarms.cancel('one');
    expect(failures).toHaveLength(1);
    platform.refuses = false;
    const ran: string[] = [];
    await ring(alarms, { ...nothing, one: async () => void ran.push('one') });
    expect([ran, platform.at]).toEqual([[], undefined]);
  });
});
