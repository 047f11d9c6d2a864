import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ChainSession } from '../../../client/directory/chain-session.ts';
import { GENESIS, STRANGE, startScriptedNode, well } from '../../../test/rig/chain/scripted-node.ts';
import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { freeOf, lookAtChain, openNode, titleOf, twinOfAccount } from './look-at-chain.ts';

/** Limit of a look that ends early, ms: it is many times what a look takes. */
const HOUR_MS = 3_600_000;

let chain: DevChain;
let session: ChainSession;
beforeAll(async () => {
  // It makes blocks only when a test asks for them.
  chain = await startDevChain({ blockTimeMs: HOUR_MS });
  session = await sessionAt(chain.wsUrl);
});
afterAll(async () => {
  session.close();
  await chain.close();
});
afterEach(() => void vi.restoreAllMocks());

async function sessionAt(url: string): Promise<ChainSession> {
  const { session: opened, fault } = await openNode(url);
  if (opened === undefined) throw new Error(fault);
  return opened;
}

async function accountOf(twin: number): Promise<Uint8Array> {
  const found = DEV_TWINS.find(({ id }) => id === twin);
  if (found === undefined) throw new Error(`twin ${twin} is no development twin`);
  return (await devIdentity(found)).account;
}

describe('openNode', () => {
  it('reports why a node cannot be used, without the key in its URL', async () => {
    const node = await openNode('ws://127.0.0.1:1/?key=0123456789abcdef0123');
    expect(node.session).toBeUndefined();
    expect(node.fault).not.toBe('');
    expect(`${node.name} ${node.fault}`).not.toContain('0123456789abcdef0123');
  });
});

describe('lookAtChain', () => {
  it('takes a chain with a fresh block for a moving one, without waiting for the next', async () => {
    chain.makeBlocks(1);
    const seen = await lookAtChain(session, Date.now);
    expect(seen).toMatchObject({ isTfchain: true, isMoving: true, head: chain.head, title: await titleOf(session) });
    expect(seen).toHaveProperty('genesis', session.genesis);
  });

  it('waits for a block when the clocks disagree', async () => {
    await using other = await startDevChain({ blockTimeMs: 100 });
    const moving = await sessionAt(other.wsUrl);
    expect(await lookAtChain(moving, () => Date.now() + HOUR_MS)).toMatchObject({ isMoving: true });
    moving.close();
  });

  it('finds a chain that makes no blocks', async () => {
    // Each look at the clock finds four seconds gone: the second one is past the limit for a block.
    let ms = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (ms += 4_000));
    expect(await lookAtChain(session, () => Date.now() + HOUR_MS)).toMatchObject({ isMoving: false });
  });

  it('knows a chain without twins', async () => {
    const answers = {
      ...well(STRANGE),
      system_chain: 'Other',
      chain_getHeader: { number: '0x10', parentHash: GENESIS },
      state_getStorage: null,
    };
    await using node = await startScriptedNode(answers);
    const strange = await sessionAt(node.url);
    vi.spyOn(performance, 'now').mockImplementation(() => Number.POSITIVE_INFINITY);
    const seen = await lookAtChain(strange, Date.now);
    expect(seen).toMatchObject({ title: 'Other', isTfchain: false, head: 16, ahead: undefined });
    strange.close();
  });

  it('returns the reason of a node that does not answer a question', async () => {
    await using node = await startScriptedNode({ ...well(), system_chain: new Error('not here'), chain_getHeader: {} });
    const bad = await sessionAt(node.url);
    expect(await lookAtChain(bad, Date.now)).toMatch(/not here|its head is no header/);
    bad.close();
  });
});

describe('an account', () => {
  it('has its twin, and its balance', async () => {
    const account = await accountOf(3);
    expect(await twinOfAccount(session, account)).toMatchObject({ id: 3, account });
    expect(await freeOf(session, account)).toBeGreaterThan(0n);
  });

  it('without a twin and without funds has none', async () => {
    const account = new Uint8Array(32).fill(7);
    expect(await twinOfAccount(session, account)).toBeUndefined();
    expect(await freeOf(session, account)).toBe(0n);
  });
});
