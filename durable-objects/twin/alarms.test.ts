import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../test/rig/sqlite.ts';
import { Alarms } from './alarms.ts';
import { migrate } from './schema.ts';

type Name = 'one' | 'two';

function openAlarms() {
  const sql = openSqlite();
  migrate(sql);
  const platform = {
    at: undefined as number | undefined,
    async setAlarm(at: number) {
      platform.at = at;
    },
    async deleteAlarm() {
      platform.at = undefined;
    },
  };
  const open = () => new Alarms<Name>(sql, platform, ['one', 'two']);
  return { platform, alarms: open(), reopen: open };
}

const nothing = { one: async () => undefined, two: async () => undefined };

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

  it('deletes the platform alarm when nothing is left', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.run(100, nothing);
    expect(platform.at).toBeUndefined();
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

  it('runs the others when one fails, keeps the failed one, and says so', async () => {
    const { alarms, platform } = openAlarms();
    await alarms.arm('one', 100);
    await alarms.arm('two', 100);
    const ran: string[] = [];
    const failing = { one: () => Promise.reject(new Error('broken')), two: async () => void ran.push('two') };
    await expect(alarms.run(100, failing)).rejects.toThrow('alarms failed');
    expect(ran).toEqual(['two']);
    expect(platform.at).toBe(100);
  });
});
