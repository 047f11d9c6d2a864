import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { bytesToHex } from '@noble/hashes/utils.js';
import { Miniflare } from 'miniflare';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS, devIdentity } from '../dev-chain/dev-twins.ts';
import { bundleWorker } from '../local-relay/bundle.ts';
import { encodeRecord, twinKey } from '../workers/twin-resolver/kv-record.ts';

const KEY = `0x${'ab'.repeat(32)}` as const;
const known = { id: 7, account: new Uint8Array(32).fill(0xab), relay: 'old.example', pk: null };
const inKv = { [twinKey(7)]: encodeRecord({ twin: known, readAt: 1, generation: '' }) };

let chain: DevChain;
let script: string;
beforeAll(async () => {
  chain = await startDevChain();
  chain.putTwin({ id: 7, account: KEY, relay: 'a.example', pk: null });
  script = await bundleWorker(fileURLToPath(new URL('../workers/twin-resolver/harness.workerd.ts', import.meta.url)));
});
afterAll(() => chain.close());

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

type Behaviour = 'answer' | 'hang' | 'nonsense' | 'flood';

/** A node before the dev chain that counts calls and misbehaves on demand, over HTTP and WebSocket. */
async function startNode(behaviour: Behaviour = 'answer') {
  const state = { behaviour, calls: 0, called: Promise.withResolvers<void>() };
  const answer = async (call: string): Promise<string | undefined> => {
    state.calls += 1;
    const { behaviour } = state;
    state.called.resolve();
    if (behaviour === 'hang') return undefined;
    if (behaviour === 'nonsense') return '{"jsonrpc":"2.0","id":1,"result":"0x07000000"}';
    const headers = { 'content-type': 'application/json' };
    const text = await (await fetch(chain.httpUrl, { method: 'POST', headers, body: call })).text();
    return behaviour === 'flood' ? text + ' '.repeat(100_000) : text;
  };
  const server = createServer(async (request, response) => {
    let call = '';
    for await (const chunk of request) call += chunk;
    const text = await answer(call);
    if (text !== undefined) response.end(text);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', async (call) => {
      socket.send('{"jsonrpc":"2.0","method":"something_else","params":{}}');
      const text = await answer(String(call));
      if (text !== undefined) socket.send(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  open.defer(() => (server.listening ? close() : Promise.resolve()));
  const host = `127.0.0.1:${address.port}`;
  return { state, sockets, http: `http://${host}`, ws: `ws://${host}`, close };
}

/** The clock of a resolver goes so many times slower where no time limit of its is under test. */
const SLOWER = 20;

/**
 * The resolver on workerd, in an isolate that knows nothing, over a KV with these values.
 * @param slower how many times slower its clock goes than ours
 */
async function startResolver(urls: string, kv: Record<string, string> = {}, slower = SLOWER) {
  const miniflare = new Miniflare({
    name: 'resolver',
    modules: [{ type: 'ESModule', path: 'harness.js', contents: script }],
    host: '127.0.0.1',
    compatibilityDate: '2026-07-01',
    compatibilityFlags: ['global_fetch_strictly_public'],
    bindings: { SUBSTRATE_URLS: urls, SLOWER: slower },
    kvNamespaces: ['TWINS'],
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
  test('its twins are found as they stand there, and then in memory and KV', async () => {
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
    expect(node.state.calls).toBe(DEV_TWINS.length + 1);
  });

  test('a hundred cold lookups at once are one call, and no socket stays open', async () => {
    const node = await startNode();
    const resolver = await startResolver(node[scheme]);
    const asked = [resolver.ask('/lookup/7?n=40'), resolver.ask('/lookup/7?n=40')];
    for (let name = 0; name < 20; name += 1) asked.push(resolver.ask(`/object/7?name=${name}`));
    const answers = (await Promise.all(asked)).flat();
    expect(answers).toEqual(Array.from({ length: 100 }, () => found('a.example')));
    expect(node.state.calls).toBe(1);
    await Promise.all([...node.sockets.clients].map((socket) => new Promise((done) => socket.once('close', done))));
  });

  test.each(['hang', 'nonsense', 'flood'] as const)('a node that answers with %s is left for another', async (how) => {
    const [bad, good] = [await startNode(how), await startNode()];
    // The next node is asked when the first is silent for 300 ms of this clock.
    const resolver = await startResolver(`${bad[scheme]},${good[scheme]}`, {}, 5);
    expect(await resolver.ask('/lookup/7')).toEqual([found('a.example')]);
    expect(await resolver.ask('/lookup/1')).toHaveLength(1);
    expect([bad.state.calls, good.state.calls]).toEqual([1, 2]);
  });

  test('a chain that is gone: known twins are served, unknown ones are a named error', async () => {
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

  test('nodes that hang: the same', async () => {
    const [a, b] = [await startNode('hang'), await startNode('hang')];
    const resolver = await startResolver(`${a[scheme]},${b[scheme]}`, inKv, 1);
    const error = `the chain is out of reach (${a[scheme]}: no answer in time; ${b[scheme]}: no answer in time)`;
    expect(await resolver.ask('/lookup/2')).toEqual([{ unavailable: error }]);
    expect(await resolver.ask('/lookup/7')).toEqual([found('old.example')]);
  });
});

test('a twin that changed on chain: refresh sees it, and so does every lookup after', async () => {
  const resolver = await startResolver((await startNode()).http);
  chain.putTwin({ id: 8, account: KEY, relay: 'before.example', pk: null });
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'before.example');
  chain.putTwin({ id: 8, account: KEY, relay: 'after.example', pk: null });
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'before.example');
  expect(await resolver.ask('/refresh/8')).toHaveProperty([0, 'found', 'relay'], 'after.example');
  expect(await resolver.ask('/lookup/8')).toHaveProperty([0, 'found', 'relay'], 'after.example');
  expect(await resolver.store.get(twinKey(8))).toContain('after.example');
});

test('when the object that asks first is cut off in the middle, those who wait for its answer have one', async () => {
  const node = await startNode('hang');
  const resolver = await startResolver(node.http, {}, 5);
  const cut = resolver.ask('/object/7?name=first');
  await node.state.called.promise;
  const waiting = [resolver.ask('/lookup/7'), resolver.ask('/object/7?name=second')];
  node.state.behaviour = 'answer';
  await resolver.ask('/cut/0?name=first');
  expect(await cut).toHaveProperty([0, 'threw']);
  for (const each of waiting) expect(await each).toEqual([found('a.example')]);
});
