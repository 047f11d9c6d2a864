import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { type LocalRelay, startRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { connectAs } from '../rig/clients/client.ts';
import { connectFrail } from '../rig/clients/frail.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { until } from '../rig/until.ts';

let chain: DevChain;
let persist: string;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
  persist = await mkdtemp(join(tmpdir(), 'rmb-gauges-'));
});
afterAll(async () => {
  await chain.close();
  await rm(persist, { recursive: true });
});

/** Returns the number of connections of a relay, as its shards count them. */
async function connections(relay: LocalRelay): Promise<number> {
  const text = await (await fetch(`${relay.httpUrl}/metrics`)).text();
  return [...text.matchAll(/^relay_worker_connections\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

it('a relay that was killed forgets sessions of which it has long heard nothing', async () => {
  const settings = { SUBSTRATE_URLS: chain.httpUrl };
  {
    await using relay = await startRelay({ settings, persist });
    const clients = await Promise.all(
      [1, 2, 3].map(async (twin) => connectAs(relay.wsUrl, twin, await identityOfTwin(twin))),
    );
    await until('three connections', async () => (await connections(relay)) === 3);
    // The relay receives no close before its end, and its end closes no session.
    for (const { socket } of clients) socket.pause();
    await relay.close();
    for (const { socket } of clients) socket.terminate();
  }
  const change = {
    file: 'durable-objects/stats/reported-gauges.ts',
    find: 'SESSIONS_COUNT_MS = 21_600_000',
    replace: 'SESSIONS_COUNT_MS = 1',
  };
  await using later = await startRelay({ settings, persist, bundle: (entry) => bundleMutant(entry, change) });
  expect(await connections(later)).toBe(0);
});

it('counts no connection that a newer one replaced, however often its object sleeps', async () => {
  await using relay = await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl } });
  const identity = await identityOfTwin(1);
  // It never answers the close: the platform calls it open again after two sleeps.
  await using ghost = await connectFrail(relay.port, 1, identity);
  const newer = await connectAs(relay.wsUrl, 1, identity);
  await ghost.diedAtClose();
  for (let sleep = 0; sleep < 2; sleep += 1) {
    await relay.evict(1);
    newer.send(request({ twin: 1 }, { twin: 1 }));
    await newer.next();
  }
  await until('one connection', async () => (await connections(relay)) === 1);
  await newer[Symbol.asyncDispose]();
  await until('no connection', async () => (await connections(relay)) === 0);
});
