import { describe, expect, it } from 'vitest';
import type { TwinLookup } from '../durable-objects/contract.ts';
import { KnownTwins } from './known-twins.ts';

const found: TwinLookup = { found: { id: 1, account: new Uint8Array(32), relay: null, pk: null } };

function openTwins(answer: TwinLookup) {
  const twins = new KnownTwins();
  const rig = { asked: 0, answer };
  const look = async () => {
    rig.asked += 1;
    return rig.answer;
  };
  return {
    rig,
    lookup: (now: number) => twins.lookup(1, now, look),
    renew: (now: number) => twins.renew(1, now, look),
  };
}

describe('KnownTwins', () => {
  it('looks a found twin up every ten seconds', async () => {
    const { rig, lookup } = openTwins(found);
    for (const now of [0, 9_999, 10_000]) expect(await lookup(now)).toBe(found);
    expect(rig.asked).toBe(2);
  });

  it('recalls a found twin without a look-up', async () => {
    const twins = new KnownTwins();
    expect(twins.recall(1, 0)).toBeUndefined();
    await twins.lookup(1, 0, async () => found);
    expect([twins.recall(1, 9_999), twins.recall(1, 10_000), twins.recall(2, 0)]).toEqual([
      found,
      undefined,
      undefined,
    ]);
  });

  it('tells the region of a twin that was found with one', async () => {
    const twins = new KnownTwins();
    await twins.lookup(1, 0, async () => ({ ...found, region: 'oc' }));
    await twins.lookup(2, 0, async () => found);
    expect([twins.regionOf(1, 9_999), twins.regionOf(1, 10_000), twins.regionOf(2, 0), twins.regionOf(3, 0)]).toEqual([
      'oc',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('forgets one twin, or all', async () => {
    const twins = new KnownTwins();
    const recalled = () => [1, 2].map((id) => twins.recall(id, 1) !== undefined);
    for (const id of [1, 2]) await twins.lookup(id, 0, async () => found);
    twins.forget(1);
    expect(recalled()).toEqual([false, true]);
    twins.forgetAll();
    expect(recalled()).toEqual([false, false]);
  });

  it('remembers no unknown twin and no failure', async () => {
    for (const answer of [{ unknown: true }, { unavailable: 'down' }] as const) {
      const { rig, lookup } = openTwins(answer);
      await lookup(0);
      await lookup(1);
      expect(rig.asked).toBe(2);
    }
  });

  it('replaces a twin by a new look-up', async () => {
    const { rig, lookup, renew } = openTwins(found);
    await lookup(0);
    rig.answer = { unknown: true };
    await renew(1);
    expect(await lookup(2)).toEqual({ unknown: true });
  });
});
