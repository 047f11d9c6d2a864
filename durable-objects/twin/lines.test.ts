import { describe, expect, it } from 'vitest';
import type { Parcel, Verdict } from '../contract.ts';
import { Lines } from './lines.ts';

const PARCEL: Parcel = { bytes: new Uint8Array(3), ifAway: 'return', expiresAt: 0 };

/** Objects that note by which way they are reached: `call`, or the number of the line. */
function rig() {
  const state = { now: 1_000, isBroken: false, opened: 0, ended: 0 };
  const ways: string[] = [];
  const waits: (() => void)[] = [];
  const take = (way: string) => {
    if (state.isBroken) throw new Error('object died');
    ways.push(way);
    return 'sent' as const;
  };
  const lines = new Lines({
    now: () => state.now,
    twin: (id) => ({
      deliver: async () => take(`${id} call`),
      line: async () => {
        if (state.isBroken) throw new Error('object died');
        state.opened += 1;
        const way = `${id} line ${state.opened}`;
        return {
          deliver: async () => take(way),
          [Symbol.dispose]: () => {
            state.ended += 1;
          },
        };
      },
    }),
    background: (work) => void work,
    wait: () => new Promise((resolve) => waits.push(resolve)),
  });
  /** Batches to a twin, one after the other, some time apart. */
  const send = async (twin: number, batches: number, apart = 0) => {
    const verdicts: (readonly Verdict[])[] = [];
    for (let n = 0; n < batches; n += 1) {
      state.now += apart;
      verdicts.push(await lines.receiver(twin).deliver([PARCEL]));
    }
    return verdicts;
  };
  /** The time of the lines that are open is over. */
  const pass = async () => {
    for (const end of waits.splice(0)) end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, ways, send, pass };
}

describe('Lines', () => {
  it('reach a twin by calls while batches come now and then, and open no line', async () => {
    const { state, ways, send } = rig();
    await send(1, 50, 11);
    expect([state.opened, new Set(ways)]).toEqual([0, new Set(['1 call'])]);
  });

  it('open one line for batches in a row, each twin its own', async () => {
    const { state, ways, send } = rig();
    for (let n = 0; n < 20; n += 1) {
      await send(1, 1);
      await send(2, 1);
    }
    expect(state.opened).toBe(2);
    expect(ways.slice(0, 4)).toEqual(['1 call', '2 call', '1 call', '2 call']);
    expect(ways.slice(-2)).toEqual(['1 line 1', '2 line 2']);
  });

  it('end a line after its time whatever comes, and open the next one under load only', async () => {
    const { state, ways, send, pass } = rig();
    await send(1, 20);
    await pass();
    expect([state.opened, state.ended]).toEqual([1, 1]);
    await send(1, 1, 1_000);
    expect([ways.at(-1), state.opened]).toEqual(['1 call', 1]);
    await send(1, 20);
    expect([ways.at(-1), state.opened]).toEqual(['1 line 2', 2]);
  });

  it('say what failed, once, and do not keep to a line that is broken', async () => {
    const { state, ways, send, pass } = rig();
    await send(1, 20);
    state.isBroken = true;
    await expect(send(1, 1)).rejects.toThrow('object died');
    state.isBroken = false;
    expect(await send(1, 1)).toEqual([['sent']]);
    expect(ways.at(-1)).toBe('1 call');
    await pass();
    expect(state.ended).toBe(1);
  });

  it('go on by calls when no line can be had', async () => {
    const { state, send } = rig();
    await send(1, 8);
    state.isBroken = true;
    await expect(send(1, 1)).rejects.toThrow('object died');
    state.isBroken = false;
    expect(await send(1, 5)).toHaveLength(5);
  });
});
