import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TwinLookup } from '../../durable-objects/contract.ts';
import { encodeRegion, regionKey } from './region-record.ts';
import { RegionMemory, Regions } from './regions.ts';

const MINUTE = 60_000;
const found = (id: number): TwinLookup => ({ found: { id, account: new Uint8Array(32), relay: null, pk: null } });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function rig() {
  const kv = new Map<string, string>();
  const log: string[] = [];
  const state = { isDown: false, isSilent: false };
  const regions = new Regions(new RegionMemory(), {
    get: async (key) => {
      log.push(`get ${key}`);
      if (state.isDown) throw new Error('KV is down');
      if (state.isSilent) return await new Promise(() => undefined);
      return kv.get(key) ?? null;
    },
    put: async (key, value) => {
      log.push(`put ${key}`);
      if (state.isDown) throw new Error('KV is down');
      kv.set(key, value);
    },
  });
  return { kv, log, state, regions };
}

describe('Regions', () => {
  it('reads a region once, and returns look-ups with it', async () => {
    const { kv, log, regions } = rig();
    kv.set(regionKey(7), encodeRegion('apac'));
    for (const wait of [0, 0, 100 * MINUTE]) {
      vi.advanceTimersByTime(wait);
      expect(await regions.with(found(7))).toEqual({ ...found(7), region: 'apac' });
    }
    expect(log).toEqual(['get region:7']);
  });

  it('reads for a twin without a region once a minute', async () => {
    const { kv, log, regions } = rig();
    expect(await regions.with(found(7))).toEqual(found(7));
    kv.set(regionKey(7), encodeRegion('oc'));
    vi.advanceTimersByTime(MINUTE - 1);
    expect(await regions.with(found(7))).toEqual(found(7));
    expect(log).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(await regions.with(found(7))).toEqual({ ...found(7), region: 'oc' });
  });

  it('reads nothing for a twin that is only refreshed', async () => {
    const { kv, log, regions } = rig();
    kv.set(regionKey(7), encodeRegion('apac'));
    expect(regions.remembered(found(7))).toEqual(found(7));
    expect(log).toEqual([]);
    await regions.see(7);
    expect(regions.remembered(found(7))).toEqual({ ...found(7), region: 'apac' });
  });

  it('reads nothing for a twin that is not found', async () => {
    const { log, regions } = rig();
    for (const lookup of [{ unknown: true }, { unavailable: 'chain' }] as const) {
      expect(await regions.with(lookup)).toBe(lookup);
    }
    expect(log).toEqual([]);
  });

  it('writes a region once, and none over a known one', async () => {
    const { kv, log, regions } = rig();
    await regions.settle(7, 'weur');
    await regions.settle(7, 'weur');
    kv.set(regionKey(8), encodeRegion('me'));
    await regions.see(8);
    await regions.settle(8, 'weur');
    expect(log).toEqual(['put region:7', 'get region:8']);
    expect(await regions.with(found(8))).toMatchObject({ region: 'me' });
  });

  it('goes on without KV', async () => {
    const { log, state, regions } = rig();
    state.isDown = true;
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(await regions.with(found(7))).toEqual(found(7));
    await regions.settle(7, 'sam');
    expect(warn.mock.calls.flat().join()).toContain('"region-not-written"');
    warn.mockRestore();
    expect(await regions.with(found(7))).toMatchObject({ region: 'sam' });
    expect(log).toEqual(['get region:7', 'put region:7']);
  });

  it('waits half a second for a KV that does not answer', async () => {
    const { state, regions } = rig();
    state.isSilent = true;
    const began = Date.now();
    const look = regions.with(found(7));
    await vi.advanceTimersByTimeAsync(500);
    expect(await look).toEqual(found(7));
    expect(Date.now() - began).toBe(500);
  });
});
