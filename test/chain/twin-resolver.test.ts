import { fileURLToPath } from 'node:url';
import { bytesToHex } from '@noble/hashes/utils.js';
import { Miniflare, type ModuleDefinition } from 'miniflare';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { bundleWorker } from '../../tools/local-relay/bundle.ts';
import { encodeRecord, twinKey } from '../../workers/twin-resolver/kv-record.ts';
import { type Behaviour, type ChainNode, startChainNode } from '../rig/chain/chain-node.ts';

const KEY = `0x${'ab'.repeat(32)}` as const;
const known = { id: 7, account: new Uint8Array(32).fill(0xab), relay: 'old.example', pk: null };
const inKv = { [twinKey(7)]: encodeRecord({ twin: known, readAt: 1, generation: '' }) };

let chain: DevChain;
let modules: ModuleDefinition[];
beforeAll(async () => {
  chain = await startDevChain();
  chain.putTwin({ id: 7, account: KEY, relay: 'a.example', pk: null });
  modules = await bundleWorker(
    fileURLToPath(new URL('../../workers/twin-resolver/harness.workerd.ts', import.meta.url)),
  );
});
afterAll(() => chain.close());

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

/** Starts a node before the dev chain. */
async function startNode(behaviour?: Behaviour) {
  const node = open.use(await startChainNode(chain, behaviour));
  return Object.assign(node, { http: node.httpUrl, ws: node.wsUrl });
}
/** Returns the number of calls that a node has received. */
const callsOf = (node: ChainNode) => node.asked.flat().length;

/** The clock of a resolver goes so many times slower where no time limit of its is under test. */
const SLOWER = 20;

/**
 * The resolver on workerd, in an isolate that knows nothing, over a KV with these values.
 * @param slower how many times slower its clock runs than the clock of this process
 */
async function startResolver(urls: string, kv: Record<string, string> = {}, slower = SLOWER) {
  const miniflare = new Miniflare({
    name: 'resolver',
    modules,
    host: '127.0.0.1',
    compatibilityDate: '2026-07-01',
    compatibilityFlags: ['global_fetch_strictly_public'],
    bindings: { SUBSTRATE_URLS: urls, SLOWER: slower, RELAY_REGION: '' },
    kvNamespaces: ['TWINS'],
    ratelimits: { STRANGERS: { namespace_id: '1', simple: { limit: 1_000, period: 60 } } },
    durableObjects: {
      ASKER: { className: 'Asker', useSQLite: true },
      STATS: { className: 'StatsObject', useSQLite: true },
    },
  });
  open.defer(() => miniflare.dispose());
  const base = await miniflare.ready;
  const store = await miniflare.getKVNamespace('TWINS');
  for (const [key, value] of Object.entries(kv)) await store.put(key, value);
  return {
    store,
    ask: async (path: string) => z.array(z.unknown()).parse(await (await fetch(new URL(path, base))).json()),
  };
}

const found = (relay: string) => ({ found: { id: 7, account: KEY.slice(2), relay, pk: null } });

describe.each(['http', 'ws'] as const)('a chain over %s', (scheme) => {
  test('gives its twins to the resolver, then to memory and KV', async () => {
    const node = await startNode();
    const resolver = await startResolver(node[scheme]);
    for (const dev of DEV_TWINS) {
      const identity = await devIdentity(dev);
      const pk = dev.pk ? bytesToHex(identity.e2ePublicKey) : null;
      const twin = { id: dev.id, account: bytesToHex(identity.account), relay: null, pk };
      expect(await resolver.ask(`/lookup/${dev.id}?n=2`)).toEqual([{ found: twin }, { found: twin }]);
      expect(await resolver.store.get(twinKey(dev.id))).toContain(twin.account);
    }
    expect(await resolver.ask('/lookup/999999')).toEqual([{ unknown: true }]);
    expect(callsOf(node)).toBe(DEV_TWINS.length + 1);
  });

  test('answers a hundred cold lookups with one call and no open socket', async () => {
    const node = await startNode();
    const resolver = await startResolver(node[scheme]);
    const asked = [resolver.ask('/lookup/7?n=40'), resolver.ask('/lookup/7?n=40')];
    for (let name = 0; name < 20; name += 1) asked.push(resolver.ask(`/object/7?name=${name}`));
    const answers = (await Promise.all(asked)).flat();
    expect(answers).toEqual(Array.from({ length: 100 }, () => found('a.example')));
    expect(callsOf(node)).toBe(1);
    await Promise.all([...node.sockets].map((socket) => new Promise((done) => socket.once('close', done))));
  });

  test.each(['hang', 'nonsense', 'flood'] as const)(
    'is read from another node when one answers with %s',
    async (how) => {
      const [bad, good] = [await startNode(how), await startNode()];
      // The next node is asked when the first is silent for 300 ms of this clock.
      const resolver = await startResolver(`${bad[scheme]},${good[scheme]}`, {}, 5);
      expect(await resolver.ask('/lookup/7')).toEqual([found('a.example')]);
      expect(await resolver.ask('/lookup/1')).toHaveLength(1);
      expect([callsOf(bad), callsOf(good)]).toEqual([1, 2]);
    },
  );

  test('may be gone: known twins are served, unknown ones are a named error', async () => {
    const node = await startNode();
    const resolver = await startResolver(node[scheme], inKv);
    await resolver.ask('/lookup/1');
    await node.close();
    expect(await resolver.ask('/lookup/1')).toHaveProperty([0, 'found', 'id'], 1);
    expect(await resolver.ask('/lookup/7')).toEqual([found('old.example')]);
    const error = `the chain is out of reach (${node[scheme]}: not reachable)`;
    expect(await resolver.ask('/lookup/2')).toEqual([{ unavailable: error }]);
    expect(await resolver.ask('/refresh/1')).toEqual([{ unavailable: error }]);
  });

  test('may hang: known twins are served, unknown ones are a named error', async () => {
    const [a, b] = [await startNode('hang'), await startNode('hang')];
    const resolver = await startResolver(`${a[scheme]},${b[scheme]}`, inKv, 1);
    const error = `the chain is out of reach (${a[scheme]}: no answer in time; ${b[scheme]}: no answer in time)`;
    expect(await resolver.ask('/lookup/2')).toEqual([{ unavailable: error }]);
    expect(await resolver.ask('/lookup/7')).toEqual([found('old.example')]);
  });
});

test('refresh sees a twin that changed on chain, for every lookup after it', async () => {
  const resolver = await startResolver((await startNode()).http);
  chain.putTwin({ id: 8, account: KEY, relay: 'before.example', pk: null });
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'before.example');
  chain.putTwin({ id: 8, account: KEY, relay: 'after.example', pk: null });
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'before.example');
  expect(await resolver.ask('/refresh/8')).toHaveProperty([0, 'found', 'relay'], 'after.example');
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'after.example');
  expect(await resolver.store.get(twinKey(8))).toContain('after.example');
});

test('other lookups get an answer when the object that asks first is aborted', async () => {
  const node = await startNode('hang');
  const resolver = await startResolver(node.http, {}, 5);
  const cut = resolver.ask('/object/7?name=first');
  await node.called;
  const waiting = [resolver.ask('/lookup/7'), resolver.ask('/object/7?name=second')];
  await node.behave('answer');
  await resolver.ask('/cut/0?name=first');
  expect(await cut).toHaveProperty([0, 'threw']);
  for (const each of waiting) expect(await each).toEqual([found('a.example')]);
});
