import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FollowRequest } from '../../durable-objects/contract.ts';
import type { RpcCall } from '../../proto/chain/json-rpc.ts';
import { err, ok } from '../../proto/result.ts';
import { hexOf, oddEvents, oddMetadata } from '../../test/rig/chain/odd-metadata.ts';
import { encodeEvents } from '../../tools/dev-chain/ledger/events.ts';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { readRuntime } from '../../tools/dev-chain/metadata/runtime.ts';
import type { Connect } from '../twin-resolver/answers.ts';
import { ChainNodes } from '../twin-resolver/nodes.ts';
import { ChainBlocks } from './chain-blocks.ts';
import { EventTables, TableMemory } from './event-tables.ts';
import { NodeLog } from './node-log.ts';

let warned: string[] = [];
let minute = 0;
beforeEach(() => {
  warned = [];
  // The log bounds the lines of a minute, and all tests here share it.
  minute += 60_000;
  vi.useFakeTimers({ toFake: ['Date'], now: minute });
  vi.spyOn(console, 'warn').mockImplementation((line: string) => void warned.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const METADATA = buildMetadata();
const { events } = readRuntime(METADATA);
const hashOf = (number: number, fork = 0) => `0x${fork}${number.toString(16).padStart(63, '0')}`;
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const updated = (id: number) =>
  hex(encodeEvents([events.twin(1, 'twinUpdated', { id, account: hashOf(0), relay: null, pk: null, entities: [] })]));

/** A node's view of the chain. */
interface View {
  head: number;
  genesis: string;
  fork: number;
  events: Record<number, string>;
  spec: number;
  metadata: string;
  isDown: boolean;
  /** Changes the result of a method. */
  bend: Record<string, (result: unknown) => unknown>;
}

/** Nodes a, b, … each with its own view. Records their calls. */
function rig(...names: string[]) {
  const views: Record<string, View> = {};
  const asked: string[] = [];
  for (const name of names) {
    const fresh = { head: 100, genesis: hashOf(0), fork: 0, events: {}, spec: 150, metadata: METADATA };
    views[name] = { ...fresh, isDown: false, bend: {} };
  }
  const resultOf = (view: View, { method, params }: RpcCall): unknown => {
    const [first, second] = params;
    if (method === 'chain_getHeader') {
      return { number: `0x${view.head.toString(16)}`, parentHash: hashOf(view.head - 1, view.fork) };
    }
    if (method === 'chain_getBlockHash' && Array.isArray(first)) {
      const known = (number: number) => (number === 0 ? view.genesis : hashOf(number, view.fork));
      return first.map((number: number) => (number > view.head ? null : known(number)));
    }
    if (method === 'state_getRuntimeVersion') return { specVersion: view.spec };
    if (method === 'state_getMetadata') return view.metadata;
    return view.events[Number.parseInt(String(second).slice(3), 16)] ?? '0x00';
  };
  const connect: Connect = async (url, _signal, work) => {
    const name = new URL(url).hostname;
    const view = views[name];
    if (view === undefined || view.isDown) return err('not reachable');
    return await work(async (calls) => {
      asked.push(...calls.map(({ method }) => `${name} ${method}`));
      return ok(calls.map((call) => (view.bend[call.method] ?? ((result) => result))(resultOf(view, call))));
    });
  };
  const urls = names.map((name) => `http://${name}/secret-key`).join();
  const kept = new Map<string, string>();
  const store = {
    get: async (key: string) => kept.get(key) ?? null,
    put: async (key: string, value: string) => void kept.set(key, value),
  };
  const nodes = new ChainNodes(urls, { http: connect, ws: connect });
  const log = new NodeLog();
  const open = () => new ChainBlocks(nodes, new EventTables(new TableMemory(), store, () => undefined), log);
  const view = (name: string): View => views[name] ?? expect.unreachable();
  return { view, asked, kept, open, blocks: open() };
}

const since = (number: number): FollowRequest => ({
  since: { number, hash: hashOf(number) },
  genesis: hashOf(0),
  most: 50,
});

describe('ChainBlocks', () => {
  test('returns the head, or the twins that changed since a block', async () => {
    const { view, blocks } = rig('a');
    expect(await blocks.follow({ most: 50 })).toMatchObject({ head: 100, through: { number: 100 }, changes: [] });
    Object.assign(view('a').events, { 97: updated(6), 99: updated(7), 100: updated(8) });
    const changes = [7, 8].map((twin) => ({ twin, kind: 'updated', block: 92 + twin }));
    expect(await blocks.follow(since(97))).toMatchObject({ through: { number: 100, hash: hashOf(100) }, changes });
  });

  test('returns as many twins of a block as a message may hold', async () => {
    const { view, blocks } = rig('a');
    view('a').metadata = hexOf(oddMetadata());
    view('a').events[100] = hexOf(oddEvents(400_000));
    const step = await blocks.follow(since(99));
    expect(step.kind === 'blocks' && step.changes.length).toBe(400_000);
  });

  test('returns all blocks, at most the wanted number at a time', async () => {
    const { view, blocks } = rig('a');
    view('a').head = 175;
    for (let block = 101; block <= 175; block += 1) view('a').events[block] = updated(block);
    const first = await blocks.follow(since(100));
    const second = await blocks.follow(since(150));
    const twins = [first, second]
      .flatMap((step) => (step.kind === 'blocks' ? step.changes : []))
      .map((each) => each.twin);
    expect(twins).toEqual(Array.from({ length: 75 }, (_, place) => 101 + place));
    expect([first, second]).toMatchObject([{ through: { number: 150 } }, { through: { number: 175 } }]);
  });

  test('reports a fork if a block is no longer on the chain, but not without its hash', async () => {
    const { view, blocks } = rig('a');
    view('a').fork = 1;
    expect(await blocks.follow(since(90))).toEqual({ kind: 'forked' });
    expect(await blocks.follow({ since: { number: 90 }, most: 50 })).toMatchObject({ through: { number: 100 } });
  });

  test('does not go back at a node that is a few blocks late', async () => {
    const { blocks } = rig('a');
    expect(await blocks.follow(since(105))).toMatchObject({ head: 100, through: { number: 105, hash: hashOf(105) } });
  });

  test('reads the metadata once for a spec version, for all isolates', async () => {
    const { view, asked, kept, open, blocks } = rig('a');
    const reads = () => asked.filter((each) => each.endsWith('state_getMetadata')).length;
    await blocks.follow(since(99));
    await blocks.follow(since(98));
    await open().follow(since(98));
    expect([reads(), [...kept.keys()]]).toEqual([1, [`events:1:${hashOf(0)}:150`]]);
    view('a').spec = 151;
    await blocks.follow(since(99));
    expect(reads()).toBe(2);
  });
});

describe('a node', () => {
  test.each<[string, (view: View) => void, string]>([
    ['not reachable', (view) => Object.assign(view, { isDown: true }), 'not reachable'],
    ['on another chain', (view) => Object.assign(view, { genesis: hashOf(7) }), 'it is on another chain'],
    ['far behind', (view) => Object.assign(view, { head: 80 }), 'its head 80 is behind block 99, seen before'],
    ['without a head', (view) => (view.bend.chain_getHeader = () => null), 'its head is no header'],
    ['without a genesis', (view) => (view.bend.chain_getBlockHash = () => [null]), 'its head is no header'],
    [
      'that does not know its own blocks',
      (view) => (view.bend.chain_getBlockHash = (all) => (Array.isArray(all) && all.length > 1 ? [all[0], null] : all)),
      'it has no block 100, below its own head',
    ],
    [
      'whose head follows from another block',
      (view) => (view.bend.chain_getHeader = () => ({ number: '0x64', parentHash: hashOf(9) })),
      'its head 100 does not follow from its block 99',
    ],
    [
      'without versions',
      (view) => (view.bend.state_getRuntimeVersion = () => 7),
      'it gave no runtime version for block 100',
    ],
    ['with strange storage', (view) => (view.bend.state_getStorage = () => 7), 'its result is not 0x hex'],
    ['without metadata', (view) => Object.assign(view, { metadata: null }), 'it gave no metadata'],
    [
      'with other events than its metadata tells of',
      (view) => Object.assign(view.events, { 100: '0x04ff' }),
      'its events cannot be read: block 100 (spec version 150): variant 255 of a type without it',
    ],
  ])('%s is logged once, and another one is asked', async (_what, spoil, fault) => {
    const { view, blocks } = rig('a', 'b');
    spoil(view('a'));
    for (let times = 0; times < 3; times += 1) {
      expect(await blocks.follow(since(99))).toMatchObject({ head: 100, changes: [] });
    }
    expect(warned).toEqual([JSON.stringify({ event: 'chain-node-left', node: 'http://a', fault })]);
  });

  test('with an implausible head is accepted only if the others agree', async () => {
    const { view, blocks } = rig('a', 'b');
    view('a').head = 10_000;
    const request = { ...since(99), expectedHead: 101 };
    expect(await blocks.follow(request)).toMatchObject({ head: 100 });
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain("its head 10000 is ahead of another node's, 100");
    view('b').head = 10_000;
    expect(await blocks.follow(request)).toMatchObject({ head: 10_000 });
    const alone = rig('a');
    alone.view('a').head = 10_000;
    expect(await alone.blocks.follow(request)).toMatchObject({ head: 10_000 });
  });

  test('that does not grow is left for another one, but a single one is kept', async () => {
    const { view, blocks } = rig('a', 'b');
    view('b').head = 104;
    expect(await blocks.follow({ ...since(100), expectedHead: 104, isStalled: true })).toMatchObject({ head: 104 });
    expect(warned).toHaveLength(1);
    const alone = rig('a');
    const request = { ...since(100), expectedHead: 104, isStalled: true };
    expect(await alone.blocks.follow(request)).toMatchObject({ head: 100 });
  });
});

describe('ChainBlocks without a good node', () => {
  test('says what was wrong with each node, by host only', async () => {
    const { view, blocks } = rig('a', 'b');
    view('a').isDown = true;
    view('b').head = 3;
    const reason = 'http://a: not reachable; http://b: its head 3 is behind block 99, seen before';
    expect(await blocks.follow(since(99))).toEqual({ kind: 'failed', reason, astray: undefined });
  });

  test.each<[string, Partial<View>]>([
    ['chain', { genesis: hashOf(7) }],
    ['behind', { head: 3 }],
  ])('reports that all nodes are astray: %s', async (astray, how) => {
    const { view, blocks } = rig('a', 'b');
    for (const name of ['a', 'b']) Object.assign(view(name), how);
    expect(await blocks.follow(since(99))).toMatchObject({ kind: 'failed', astray });
  });

  test.each<[string, (view: View) => void]>([
    ['events', (view) => Object.assign(view.events, { 100: '0x04ff' })],
    ['metadata', (view) => Object.assign(view, { metadata: '0x6d657461' })],
  ])('returns the blocks without their events if no node has readable %s', async (_what, spoil) => {
    const { view, blocks } = rig('a', 'b');
    for (const name of ['a', 'b']) spoil(view(name));
    view('a').events[99] = updated(7);
    const step = await blocks.follow(since(98));
    expect(step).toMatchObject({ kind: 'blocks', through: { number: 100 } });
    expect(step).toHaveProperty('unreadable', expect.stringContaining('spec version 150'));
  });

  test('throws for no answer of a node', async () => {
    const methods = ['chain_getHeader', 'chain_getBlockHash', 'state_getRuntimeVersion', 'state_getStorage'];
    const bends = fc.dictionary(fc.constantFrom(...methods, 'state_getMetadata'), fc.jsonValue(), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(bends, async (answers) => {
        const { view, blocks } = rig('a');
        for (const [method, answer] of Object.entries(answers)) view('a').bend[method] = () => answer;
        expect(await blocks.follow(since(99))).toHaveProperty('kind');
      }),
    );
  });
});
