import { EventEmitter, once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { STRANGE, startScriptedNode, well } from '../../test/rig/chain/scripted-node.ts';
import type { PartState } from '../ports.ts';
import { dialNode } from '../session/node-socket.ts';
import { ChainConnection } from './chain.ts';

const nothing = () => undefined;

afterEach(() => void vi.useRealTimers());

/** Connects to these nodes, and keeps what the connection reports. */
function connect(urls: readonly string[]) {
  const states: PartState[] = [];
  const warnings: object[] = [];
  const log = { debug: nothing, info: nothing, warn: (fields: object) => void warnings.push(fields), error: nothing };
  const changes = new EventEmitter();
  const onState = (state: PartState) => {
    states.push(state);
    changes.emit('state');
  };
  const chain = new ChainConnection(urls, { dial: dialNode, onState, onTwin: nothing, onGap: nothing, log });
  /** Resolves with the states once there are `count`. */
  const said = async (count: number) => {
    while (states.length < count) await once(changes, 'state');
    return states;
  };
  return { chain, states, said, warnings, [Symbol.dispose]: () => chain.close() };
}

it('leaves a node whose chain has no twins for the next', async () => {
  // A slow machine must not look like a silent node.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using strange = await startScriptedNode(well(STRANGE));
  await using good = await startScriptedNode({ ...well(), state_getStorage: null });
  using connected = connect([strange.url, good.url]);
  await connected.said(2);
  expect(connected.states).toEqual([
    { isUp: false, detail: 'this chain is no tfchain: it has no TfgridModule' },
    { isUp: true, detail: '' },
  ]);
  expect(await connected.chain.twin(7)).toBeUndefined();
});

it('names what a node refuses to report', async () => {
  await using node = await startScriptedNode({ ...well(), state_subscribeStorage: new Error('not here') });
  using connected = connect([node.url]);
  await connected.said(2);
  expect(connected.states[1]).toEqual({ isUp: false, detail: 'state_subscribeStorage: error -32000 not here' });
});

it('warns of each loss, with the same fault, too', async () => {
  await using node = await startScriptedNode(well());
  using connected = connect([node.url]);
  for (const losses of [1, 2]) {
    await node.hears('state_subscribeStorage', losses);
    node.send('x'.repeat(9 * 2 ** 20));
    await expect.poll(() => connected.states.filter(({ isUp }) => !isUp).length).toBe(losses);
  }
  const warning = { chain: node.url, detail: 'the connection was lost (WS_ERR_UNSUPPORTED_MESSAGE_LENGTH)' };
  expect(connected.warnings).toEqual([warning, warning]);
});

it('dials the next node after 1.5 s, at the start and after each loss, and closes the silent one', async () => {
  // No time passes by itself: without a hedge the connection would wait for the silent node for ever.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using silent = await startScriptedNode({});
  await using good = await startScriptedNode({ ...well(), state_getStorage: null });
  using connected = connect([silent.url, good.url]);
  for (const round of [1, 2]) {
    await silent.dialled(round);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(good.asked.filter((method) => method === 'state_getMetadata')).toHaveLength(round - 1);
    await vi.advanceTimersByTimeAsync(1);
    await good.dialled(round);
    expect((await connected.said(2 * round - 1)).at(-1)).toEqual({ isUp: true, detail: '' });
    await silent.left(round - 1);
    expect(await connected.chain.twin(7)).toBeUndefined();
    good.send('x'.repeat(9 * 2 ** 20));
    expect((await connected.said(2 * round)).at(-1)).toMatchObject({ isUp: false });
    // The pause before the next try.
    await vi.advanceTimersToNextTimerAsync();
  }
  expect(connected.warnings).toContainEqual({ chain: silent.url, detail: 'no answer within 1.5 s' });
});

it('reports a failed node while another is still silent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using silent = await startScriptedNode({});
  await using strange = await startScriptedNode(well(STRANGE));
  using connected = connect([silent.url, strange.url]);
  await silent.dialled(1);
  await vi.advanceTimersByTimeAsync(1_500);
  const noTfchain = { isUp: false, detail: 'this chain is no tfchain: it has no TfgridModule' };
  expect(await connected.said(1)).toEqual([noTfchain]);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(await connected.said(2)).toEqual([noTfchain, { isUp: false, detail: 'it did not become ready' }]);
});
