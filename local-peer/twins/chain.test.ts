import { expect, it, vi } from 'vitest';
import { STRANGE, startScriptedNode, well } from '../../test/rig/scripted-node.ts';
import type { PartState } from '../state.ts';
import { ChainConnection } from './chain.ts';

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A connection to these nodes, and what it has said of itself. */
function connect(urls: readonly string[]) {
  const states: PartState[] = [];
  const port = { onState: (state: PartState) => void states.push(state), onTwin: nothing, onGap: nothing, log };
  const chain = new ChainConnection(urls, port);
  return { chain, states, [Symbol.dispose]: () => chain.close() };
}

it('leaves a node whose chain has no twins for the next', async () => {
  await using strange = await startScriptedNode(well(STRANGE));
  await using good = await startScriptedNode({ ...well(), state_getStorage: null });
  using connected = connect([strange.url, good.url]);
  await vi.waitUntil(() => connected.states.length > 1, { timeout: 5000 });
  expect(connected.states).toEqual([
    { isUp: false, detail: 'this chain is no tfchain: it has no TfgridModule' },
    { isUp: true, detail: '' },
  ]);
  expect(await connected.chain.twin(7)).toBeUndefined();
});

it('says what a node refuses to tell of', async () => {
  await using node = await startScriptedNode({ ...well(), state_subscribeStorage: new Error('not here') });
  using connected = connect([node.url]);
  await vi.waitUntil(() => connected.states.length > 1, { timeout: 5000 });
  expect(connected.states[1]).toEqual({ isUp: false, detail: 'state_subscribeStorage: error -32000 not here' });
});
