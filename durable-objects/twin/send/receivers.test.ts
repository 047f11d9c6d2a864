import { describe, expect, it } from 'vitest';
import type { BatchEnvelope, Verdict } from '../../contract.ts';
import { Receivers } from './receivers.ts';

const ENVELOPE: BatchEnvelope = { bytes: new Uint8Array(3), ifAway: 'return', expiresAt: 0 };

/** Objects that note how a batch came: by a call, or by the line of that number. */
function rig() {
  const state = { now: 1_000, isBroken: false, opened: 0, ended: 0, hasObject: true };
  const ways: string[] = [];
  const waits: (() => void)[] = [];
  const take = (way: string) => {
    if (state.isBroken) throw new Error('object died');
    ways.push(way);
    return 'sent' as const;
  };
  const receivers = new Receivers({
    host: {
      now: () => state.now,
      background: (work) => void work,
      wait: () => new Promise((resolve) => waits.push(resolve)),
    },
    hasObject: async () => state.hasObject,
    random: () => 0,
    object: (id) => ({
      receipts: async () => undefined,
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
  });
  /** Sends batches to a twin, one after the other, `apart` ms apart. */
  const send = async (twin: number, batches: number, apart = 0) => {
    const verdicts: (readonly Verdict[])[] = [];
    for (let n = 0; n < batches; n += 1) {
      state.now += apart;
      verdicts.push(await receivers.of(twin).deliver([ENVELOPE]));
    }
    return verdicts;
  };
  /** Lets the time of the open lines end. */
  const pass = async () => {
    for (const end of waits.splice(0)) end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { state, ways, send, pass };
}

describe('Receivers', () => {
  it('calls no object of a twin that has none, for mail that is not stored', async () => {
    const { state, ways, send } = rig();
    state.hasObject = false;
    expect(await send(1, 2)).toEqual([['offline'], ['offline']]);
    state.hasObject = true;
    expect(await send(1, 1)).toEqual([['sent']]);
    expect(ways).toEqual(['1 call']);
  });

  it('reaches a twin by calls while batches come now and then', async () => {
    const { state, ways, send } = rig();
    await send(1, 50, 11);
    expect([state.opened, new Set(ways)]).toEqual([0, new Set(['1 call'])]);
  });

  it('opens one line for batches in a row, for each twin', async () => {
    const { state, ways, send } = rig();
    for (let n = 0; n < 20; n += 1) {
      await send(1, 1);
      await send(2, 1);
    }
    expect(state.opened).toBe(2);
    expect(ways.slice(0, 4)).toEqual(['1 call', '2 call', '1 call', '2 call']);
    expect(ways.slice(-2)).toEqual(['1 line 1', '2 line 2']);
  });

  it('ends a line after its time, and opens the next one only under load', async () => {
    const { state, ways, send, pass } = rig();
    await send(1, 20);
    await pass();
    expect([state.opened, state.ended]).toEqual([1, 1]);
    await send(1, 1, 1_000);
    expect([ways.at(-1), state.opened]).toEqual(['1 call', 1]);
    await send(1, 20);
    expect([ways.at(-1), state.opened]).toEqual(['1 line 2', 2]);
  });

  it('rejects once when a line breaks, and does not use it again', async () => {
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

  it('goes on by calls when no line can be opened', async () => {
    const { state, send } = rig();
    await send(1, 8);
    state.isBroken = true;
    await expect(send(1, 1)).rejects.toThrow('object died');
    state.isBroken = false;
    expect(await send(1, 5)).toHaveLength(5);
  });
});

const OVERLOADED = new Error('Durable Object is overloaded. Too many requests queued.');

/** A twin's object and this object's gatherer for it, which fail as told. */
function hotRig() {
  const state = {
    now: 1_000,
    took: 0,
    fails: undefined as Error | undefined,
    gathererFails: undefined as Error | undefined,
  };
  const ways: string[] = [];
  const came: number[] = [];
  const direct = async (what: string) => {
    if (state.fails !== undefined) throw state.fails;
    ways.push(`direct ${what}`);
    state.now += state.took;
  };
  const receivers = new Receivers({
    host: { now: () => state.now, background: (work) => void work, wait: () => new Promise(() => undefined) },
    random: () => 0.5,
    hasObject: async () => true,
    object: () => ({
      deliver: async () => {
        await direct('batch');
        return 'sent' as const;
      },
      receipts: () => direct('receipts'),
      line: async () => ({ deliver: async () => 'sent' as const, [Symbol.dispose]: () => undefined }),
    }),
    gatherer: () => ({
      gather: async (twin, { custody }) => {
        if (state.gathererFails !== undefined) throw state.gathererFails;
        ways.push(`gathered for ${twin}: ${custody === undefined ? 'batch' : 'receipts'}`);
        return custody === undefined ? 'sent' : { verdicts: [], receipts: Uint8Array.of(9) };
      },
    }),
    riding: () => ({
      from: 1,
      take: () => undefined,
      came: (receipts) => void came.push(...receipts),
      stayed: (receipts) => void came.push(-receipts.length),
    }),
  });
  const send = () => receivers.of(7).deliver([ENVELOPE]);
  return { state, ways, came, send, receipts: () => receivers.receipts(7, new Uint8Array(13)) };
}

describe('Receivers of a twin that takes no more calls', () => {
  it('bring the batch that it rejected, and all others of a minute, by the gatherer', async () => {
    const { state, ways, send } = hotRig();
    await send();
    state.fails = OVERLOADED;
    expect(await send()).toEqual(['sent']);
    state.fails = undefined;
    state.now += 59_999;
    await send();
    state.now += 1;
    await send();
    expect(ways).toEqual(['direct batch', 'gathered for 7: batch', 'gathered for 7: batch', 'direct batch']);
  });

  it('do the same when it answers slowly, twice', async () => {
    const { state, ways, send } = hotRig();
    state.took = 1_000;
    for (let n = 0; n < 3; n += 1) await send();
    expect(ways).toEqual(['direct batch', 'direct batch', 'gathered for 7: batch']);
  });

  it('reject with the error of the gatherer, which a call may not have survived', async () => {
    const { state, ways, send } = hotRig();
    state.fails = OVERLOADED;
    await send();
    [state.fails, state.gathererFails] = [undefined, new Error('Network connection lost.')];
    state.now += 59_000;
    await expect(send()).rejects.toThrow('Network connection lost.');
    state.gathererFails = undefined;
    state.now += 59_000;
    await send();
    expect(ways.at(-1)).toBe('gathered for 7: batch');
  });

  it('bring receipts of their own the same way, and take those of the answer', async () => {
    const { state, ways, came, receipts } = hotRig();
    await receipts();
    state.fails = OVERLOADED;
    await receipts();
    expect([ways, came]).toEqual([['direct receipts', 'gathered for 7: receipts'], [9]]);
    state.gathererFails = OVERLOADED;
    await expect(receipts()).rejects.toThrow('overloaded');
    expect(came).toEqual([9, -13]);
  });
});
