import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TWINS_PREFIX, twinStorageKey } from '../../proto/chain/storage-key.ts';
import type { Result } from '../../proto/result.ts';
import { ok } from '../../proto/result.ts';
import { decodeRecord, GENERATION_KEY, twinKey } from '../../workers/twin-resolver/kv-record.ts';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { withNode } from './ask-node.ts';
import { pairsOf } from './pairs.ts';
import { type AskNode, readFleet } from './read-fleet.ts';

const TWINS = 1_234;
const HASH = `0x${'ab'.repeat(32)}`;

const hex = (id: number) => id.toString(16).padStart(64, '0');

let chain: DevChain;
beforeAll(async () => {
  const twins = Array.from({ length: TWINS }, (_, place) => ({
    id: place + 1,
    account: `0x${hex(place + 1)}` as const,
    relay: place % 2 === 0 ? null : 'relay.example',
    pk: null,
  }));
  chain = await startDevChain({ twins });
  chain.makeBlocks(3);
});
afterAll(() => chain.close());

describe('readFleet', () => {
  it('reads all twins of a chain by pages, over a WebSocket or an http URL', async () => {
    for (const url of [chain.wsUrl, chain.httpUrl]) {
      const pages: number[] = [];
      const { genesis, block, twins, faults } = await withNode(url, (ask) => readFleet(ask, (n) => pages.push(n)));
      expect(genesis).toMatch(/^0x[0-9a-f]{64}$/);
      expect([block, faults]).toEqual([3, []]);
      expect(new Set(twins.map(({ id }) => id)).size).toBe(TWINS);
      expect(twins.find(({ id }) => id === 2)?.relay).toBe('relay.example');
      expect(pages).toEqual([500, 1_000, TWINS]);
    }
  });

  it('says what is wrong with a node', async () => {
    await expect(withNode('ws://127.0.0.1:1', readFleet)).rejects.toThrow('it cannot be connected to');
    const circles = node({ state_getKeysPaged: () => [twinStorageKey(1), twinStorageKey(1)] });
    await expect(readFleet(circles)).rejects.toThrow('state_getKeysPaged: its keys are not in order');
  });

  it('leaves out what is no twin, and says so', async () => {
    const keys = [`${TWINS_PREFIX}00`, twinStorageKey(7)].sort();
    const odd = node({
      state_getKeysPaged: ([, , last]) => (last === null ? keys : []),
      state_queryStorageAt: () => [{ changes: keys.map((key) => [key, '0x00']) }],
    });
    const { twins, faults } = await readFleet(odd);
    expect(twins).toEqual([]);
    expect(faults).toHaveLength(2);
    expect(faults.join()).toContain('twin 7: ');
  });
});

/** A node of block 9 with these answers. */
function node(answers: Record<string, (params: readonly unknown[]) => unknown>): AskNode {
  const all: typeof answers = {
    chain_getBlockHash: () => [HASH],
    chain_getFinalizedHead: () => HASH,
    chain_getHeader: () => ({ number: '0x9', parentHash: HASH }),
    ...answers,
  };
  return async (method, params): Promise<Result<unknown, string>> => ok(all[method]?.(params));
}

it('the pairs are what the resolver reads', async () => {
  const fleet = await withNode(chain.wsUrl, (ask) => readFleet(ask));
  const pairs = pairsOf(fleet, 77);
  const generation = `${fleet.genesis.slice(2, 18)}:3:77`;
  expect(pairs.at(-1)).toEqual({ key: GENERATION_KEY, value: generation });
  const text = pairs.find(({ key }) => key === twinKey(2))?.value ?? '';
  expect(decodeRecord(2, text)).toMatchObject({ readAt: 77, generation, twin: { id: 2, relay: 'relay.example' } });
});
