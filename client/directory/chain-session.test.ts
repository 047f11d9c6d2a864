import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { storagePrefix, twinStorageKey } from '../../proto/chain/storage-key.ts';
import type { Twin } from '../../proto/twin.ts';
import { hexOf, oddEvents, oddMetadata } from '../../test/rig/chain/odd-metadata.ts';
import {
  type Answers,
  GENESIS,
  METADATA,
  type ScriptedNode,
  STRANGE,
  startScriptedNode,
  well,
} from '../../test/rig/chain/scripted-node.ts';
import { encodeEvents } from '../../tools/dev-chain/ledger/events.ts';
import { readRuntime } from '../../tools/dev-chain/metadata/runtime.ts';
import { dialNode } from '../session/node-socket.ts';
import { openChainSession } from './chain-session.ts';
import { twinById } from './questions.ts';

const runtime = readRuntime(METADATA);
const EVENTS = storagePrefix('System', 'Events');

const open: AsyncDisposable[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

async function startNode(answers: Answers): Promise<ScriptedNode> {
  const node = await startScriptedNode(answers);
  open.push(node);
  return node;
}

/** The events of a block in which a twin changed, as a node tells of them. */
function block(id: number, bytes?: Uint8Array) {
  const twin = {
    id,
    account: `0x${'ab'.repeat(32)}` as const,
    relay: Buffer.from('r.example'),
    pk: null,
    entities: [],
  };
  const scale = bytes ?? encodeEvents([runtime.events.twin('initialization', 'twinUpdated', twin)]);
  return { block: GENESIS, changes: [[EVENTS, `0x${Buffer.from(scale).toString('hex')}`]] };
}

async function live(node: { readonly url: string }) {
  const opened = await openChainSession(dialNode, node.url);
  if (!opened.ok) throw new Error(opened.error);
  open.push({ [Symbol.asyncDispose]: async () => opened.value.close() });
  const [twins, odd, gaps]: [Twin[], number[], number[]] = [[], [], []];
  const ended = opened.value.live({
    onTwin: (twin) => twins.push(twin),
    onOddTwin: (id) => odd.push(id),
    onGap: () => gaps.push(1),
    onTime: () => undefined,
  });
  return { session: opened.value, twins, odd, gaps, ended };
}

describe('a session with a node', () => {
  it('tells of twins as events have them', async () => {
    const node = await startNode(well());
    const { session, twins } = await live(node);
    expect(session).toMatchObject({ genesis: GENESIS, isTfchain: true });
    await node.hears('state_subscribeStorage');
    node.tell('state_storage', block(7));
    await expect.poll(() => twins.length).toBeGreaterThan(0);
    expect(twins).toEqual([{ id: 7, account: new Uint8Array(32).fill(0xab), relay: 'r.example', pk: null }]);
  });

  it('tells of as many twins as a message may hold', async () => {
    const node = await startNode(well(hexOf(oddMetadata())));
    const { odd } = await live(node);
    await node.hears('state_subscribeStorage');
    const count = 400_000;
    node.tell('state_storage', block(7, oddEvents(count)));
    await expect.poll(() => odd.length).toBeGreaterThan(0);
    expect(odd.length).toBe(count);
  });

  it('goes over to a new runtime: blocks in between are a gap, later ones are read by it', async () => {
    const answers = well(STRANGE);
    const node = await startNode(answers);
    const { session, twins, gaps } = await live(node);
    expect(session.isTfchain).toBe(false);
    await node.hears('state_subscribeRuntimeVersion');
    Object.assign(answers, well(METADATA, 2));
    node.tell('state_runtimeVersion', { specVersion: 1 });
    node.tell('state_runtimeVersion', { specVersion: 2 });
    await expect.poll(() => gaps.length).toBeGreaterThan(0);
    node.tell('state_storage', block(8));
    await expect.poll(() => twins.length).toBeGreaterThan(0);
    expect([twins.map(({ id }) => id), gaps.length]).toEqual([[8], 1]);
    expect(node.asked.filter((method) => method === 'state_getMetadata')).toHaveLength(2);
  });

  it('ends with one that tells of blocks and answers no questions', async () => {
    const answers = { ...well(), state_getStorage: null };
    const node = await startNode(answers);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    const { session, ended } = await live(node);
    await node.hears('state_subscribeRuntimeVersion');
    const ask = () => Promise.all([1, 2, 3].map((id) => twinById(session, id)));
    expect(await ask()).toEqual([1, 2, 3].map(() => ({ ok: true, value: undefined })));
    Reflect.deleteProperty(answers, 'state_getStorage');
    const asked = ask();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await asked).toEqual([1, 2, 3].map(() => ({ ok: false, error: 'no answer within 2 s' })));
    node.tell('chain_newHead', { number: '0x1', parentHash: GENESIS });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await ended).toBe('it answers no questions');
  });

  it.each<[string, (node: ScriptedNode) => void, string]>([
    [
      'whose events do not fit its metadata',
      (node) => node.tell('state_storage', block(7, new Uint8Array([4, 1]))),
      'its events cannot be read: 1 bytes expected at 2, 0 left',
    ],
    [
      'that sends what nobody can hold',
      (node) => node.send('x'.repeat(9 * 2 ** 20)),
      'the connection was lost (WS_ERR_UNSUPPORTED_MESSAGE_LENGTH)',
    ],
  ])('ends with one %s', async (_, misbehave, fault) => {
    const node = await startNode(well());
    const { ended } = await live(node);
    await node.hears('state_subscribeStorage');
    node.send('nonsense');
    misbehave(node);
    expect(await ended).toBe(fault);
  });

  it('says why there is no connection, without the URL', async () => {
    await using server = createServer((_, response) => response.writeHead(403).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const faults = await Promise.all(
      [`ws://127.0.0.1:${port}/KEY`, 'ws://127.0.0.1:9/KEY', 'ws://key.invalid'].map((url) =>
        openChainSession(dialNode, url),
      ),
    );
    expect(faults.map((each) => !each.ok && each.error)).toEqual([
      'it cannot be connected to (HTTP 403)',
      'it cannot be connected to (ECONNREFUSED)',
      expect.stringMatching(/^it cannot be connected to \(E[A-Z_]+\)$/),
    ]);
  });

  it.each<[string, Answers, string, number?]>([
    ['gives no metadata', { ...well(), state_getMetadata: '0x00' }, 'its metadata cannot be used: '],
    ['has no first block', { ...well(), chain_getBlockHash: [null] }, 'it has no block 0'],
    ['takes calls and never answers', {}, 'it did not become ready', 500],
  ])('is not opened with one that %s', async (_, answers, fault, openMs) => {
    const opened = await openChainSession(dialNode, (await startNode(answers)).url, openMs);
    expect(!opened.ok && opened.error).toContain(fault);
  });
});

describe('a question about a twin', () => {
  const asked = async (metadata: string, stored: unknown) => {
    const node = await startNode({ ...well(metadata), state_getStorage: stored });
    return twinById((await live(node)).session, 7);
  };
  const entry = runtime.storage.twin({ id: 8, account: `0x${'ab'.repeat(32)}`, relay: null, pk: null, entities: [] });
  const hex = `0x${Buffer.from(entry[1] ?? []).toString('hex')}`;

  it.each([
    ['that is not there', METADATA, null, { ok: true, value: undefined }],
    ['that is another one', METADATA, hex, { ok: false, error: 'the node answered with twin 8' }],
    ['that cannot be read', METADATA, '0x07', { ok: false, error: 'it cannot be read: 4 bytes expected at 0, 1 left' }],
    ['answered with no bytes', METADATA, 'x', { ok: false, error: 'its result is not 0x hex' }],
    ['of another chain', STRANGE, hex, { ok: false, error: 'this chain is no tfchain: it has no TfgridModule' }],
  ])('%s', async (_, metadata, stored, outcome) => {
    expect(entry[0]).toBe(twinStorageKey(8));
    expect(await asked(metadata, stored)).toEqual(outcome);
  });
});
