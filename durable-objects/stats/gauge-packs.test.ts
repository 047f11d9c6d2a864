import { describe, expect, it } from 'vitest';
import { GaugePacks } from './gauge-packs.ts';

const SHARDS = 16;
const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const gauges = (sessions: number) => ({ sessions, mailboxMessages: 2, mailboxBytes: 30, outboxMessages: 1 });
const NONE = { sessions: 0, mailboxMessages: 0, mailboxBytes: 0, outboxMessages: 0 };

function openStorage() {
  const rows = new Map<string, unknown>();
  const used = { read: 0, written: 0 };
  return {
    rows,
    used,
    get: (key: string) => {
      used.read += 1;
      return structuredClone(rows.get(key));
    },
    put: (key: string, value: unknown) => {
      used.written += 1;
      rows.set(key, structuredClone(value));
    },
  };
}

describe('GaugePacks', () => {
  it('reads and writes one row for a twin, and 32 for all, whatever their number', () => {
    const storage = openStorage();
    const first = new GaugePacks(storage, SHARDS);
    for (let n = 0; n < 6_000; n += 1) first.report(3 + n * SHARDS, gauges(1), NOW);
    expect(storage.rows.size).toBe(32);
    const woken = new GaugePacks(storage, SHARDS);
    Object.assign(storage.used, { read: 0, written: 0 });
    woken.report(3, gauges(2), NOW + 1);
    expect(storage.used).toEqual({ read: 1, written: 1 });
    expect(woken.sum(NOW + 1)).toEqual({
      sessions: 6_001,
      mailboxMessages: 12_000,
      mailboxBytes: 180_000,
      outboxMessages: 6_000,
    });
    expect(storage.used).toEqual({ read: 32, written: 1 });
    expect([woken.seen(3), woken.seen(3 + SHARDS), woken.seen(3 + 7_000 * SHARDS)]).toEqual([NOW + 1, NOW, undefined]);
  });

  it('writes nothing for a twin that says the same, or that never had anything', () => {
    const storage = openStorage();
    const packs = new GaugePacks(storage, SHARDS);
    packs.report(3, NONE, NOW);
    expect([storage.used.written, packs.seen(3)]).toEqual([0, undefined]);
    packs.report(3, gauges(1), NOW);
    packs.report(3, gauges(1), NOW + 300_000);
    expect(storage.used.written).toBe(1);
    packs.report(3, NONE, NOW + 400_000);
    expect([storage.used.written, packs.seen(3), packs.sum(NOW + 400_000)]).toEqual([2, NOW + 400_000, NONE]);
  });

  it('forgets twins of which nothing was heard for 30 days, with the next row of their pack', () => {
    const storage = openStorage();
    const packs = new GaugePacks(storage, SHARDS);
    packs.report(3, gauges(1), NOW);
    packs.report(3 + 32 * SHARDS, gauges(1), NOW + 30 * DAY_MS);
    expect([packs.seen(3), new GaugePacks(storage, SHARDS).seen(3)]).toEqual([undefined, undefined]);
    expect(packs.seen(3 + 32 * SHARDS)).toBe(NOW + 30 * DAY_MS);
  });

  it('takes a row that it cannot read for none, and counts nothing that it cannot write', () => {
    const storage = openStorage();
    storage.rows.set('gauges-1:0', 'garbage');
    const packs = new GaugePacks({ ...storage, put: () => expect.fail('disk full') }, SHARDS);
    expect(() => packs.report(3, gauges(1), NOW)).toThrow('disk full');
    expect(packs.sum(NOW)).toEqual(NONE);
  });
});
