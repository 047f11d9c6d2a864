import { describe, expect, it } from 'vitest';
import type { TwinState } from '../../contract.ts';
import { type PresencePort, presenceOf } from './presence.ts';

const NOW = 1_800_000_000_000;
const found = (id: number) => ({ found: { id, account: new Uint8Array(32), relay: 'relay.example', pk: null } });

function rig(states: Record<number, TwinState>, changes: Partial<PresencePort> = {}) {
  const asked: number[] = [];
  const port: PresencePort = {
    lookup: async (id) => (id > 100 ? { unknown: true } : found(id)),
    state: async (id) => {
      asked.push(id);
      const state = states[id];
      if (state === undefined) throw new Error('its object is away');
      return state;
    },
    seen: async (twins) => twins.map((id) => NOW - id * 1000),
    ...changes,
  };
  return { asked, of: (...twins: number[]) => presenceOf(twins, port) };
}

describe('presenceOf', () => {
  it('tells of each twin in the order of the question, and wakes no object for an id that is not on chain', async () => {
    const { of, asked } = rig({
      1: { isConnected: true, waiting: 0, heardAt: NOW },
      2: { isConnected: false, waiting: 3 },
    });
    expect(await of(101, 2, 1)).toEqual([
      { state: 'unknown', waiting: 0 },
      { state: 'away', waiting: 3, seenAt: NOW / 1000 - 2 },
      { state: 'connected', waiting: 0, seenAt: NOW / 1000 },
    ]);
    expect(asked).toEqual([2, 1]);
  });

  it('wakes no object of a twin that never connected', async () => {
    const seen = async (twins: readonly number[]) => twins.map(() => undefined);
    const connected = { isConnected: true, waiting: 0 };
    const lookup = async (id: number) => ({ ...found(id), ...(id === 1 && { region: 'apac' as const }) });
    const { of, asked } = rig({ 1: connected, 2: connected }, { seen, lookup });
    expect(await of(1, 2)).toEqual([
      { state: 'connected', waiting: 0 },
      { state: 'away', waiting: 0 },
    ]);
    expect(asked).toEqual([1]);
  });

  it('tells of the others when one cannot be asked, and when nobody knows who was seen', async () => {
    const away = { isConnected: false, waiting: 0 };
    const seen = async () => {
      throw new Error('away');
    };
    expect(await rig({ 2: away }, { seen }).of(1, 2)).toEqual([
      { state: 'unavailable', waiting: 0 },
      { state: 'away', waiting: 0 },
    ]);
    const lookup = async () => ({ unavailable: 'the chain is out of reach' });
    expect(await rig({ 2: away }, { lookup }).of(2)).toEqual([{ state: 'unavailable', waiting: 0 }]);
  });
});
