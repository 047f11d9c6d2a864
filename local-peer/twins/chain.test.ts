import { expect, it, vi } from 'vitest';
import { STRANGE, startScriptedNode, well } from '../../test/rig/scripted-node.ts';
import type { PartState } from '../state.ts';
import { ChainConnection } from './chain.ts';

const nothing = () => undefined;

/** A connection to these nodes, and what it has said of itself. */
function connect(urls: readonly string[]) {
  const states: PartState[] = [];
  const warnings: object[] = [];
  const log = { debug: nothing, info: nothing, warn: (fields: object) => void warnings.push(fields), error: nothing };
  const port = { onState: (state: PartState) => void states.push(state), onTwin: nothing, onGap: nothing, log };
  const chain = new ChainConnection(urls, port);
  return { chain, states, warnings, [Symbol.dispose]: () => chain.close() };
}

it('leaves a node whose chain has no twins for the next', { timeout: 20_000 }, async () => {
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

it('says what a node refuses to tell of', { timeout: 20_000 }, async () => {
  await using node = await startScriptedNode({ ...well(), state_subscribeStorage: new Error('not here') });
  using connected = connect([node.url]);
  await vi.waitUntil(() => connected.states.length > 1, { timeout: 5000 });
  expect(connected.states[1]).toEqual({ isUp: false, detail: 'state_subscribeStorage: error -32000 not here' });
});

it('warns of each loss, though it is lost in the same way as before', { timeout: 20_000 }, async () => {
  await using node = await startScriptedNode(well());
  using connected = connect([node.url]);
  const subscribed = () => node.asked.filter((method) => method === 'state_subscribeStorage').length;
  for (const losses of [1, 2]) {
    await vi.waitUntil(() => subscribed() === losses, { timeout: 5000 });
    node.send('x'.repeat(9 * 2 ** 20));
    await vi.waitUntil(() => connected.states.filter(({ isUp }) => !isUp).length === losses, { timeout: 5000 });
  }
  const warning = { chain: node.url, detail: 'the connection was lost (WS_ERR_UNSUPPORTED_MESSAGE_LENGTH)' };
  expect(connected.warnings).toEqual([warning, warning]);
});
