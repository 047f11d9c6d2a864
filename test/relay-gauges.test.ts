import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DevChain, startDevChain } from '../dev-chain/dev-chain.ts';
import { type LocalRelay, startRelay } from '../local-relay/relay.ts';
import { connectAs } from './rig/client.ts';
import { bundleMutant } from './rig/mutant.ts';
import { identityOfTwin } from './rig/network.ts';
import { until } from './rig/until.ts';

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

/** All connections of a relay, as its shards count them. */
async function connections(relay: LocalRelay): Promise<number> {
  const text = await (await fetch(`${relay.httpUrl}/metrics`)).text();
  return [...text.matchAll(/^relay_worker_connections\{.*\} (\d+)$/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
}

it('counts nobody who is gone once a relay that was killed has heard nothing of them for long', async () => {
  const settings = { SUBSTRATE_URLS: chain.httpUrl };
  {
    await using relay = await startRelay({ settings, persist });
    const clients = await Promise.all(
      [1, 2, 3].map(async (twin) => connectAs(relay.wsUrl, twin, await identityOfTwin(twin))),
    );
    await until('three connections', async () => (await connections(relay)) === 3);
    // No close reaches the relay before its end, and its end closes no session in order.
    for (const { socket } of clients) socket.pause();
    await relay.close();
    for (const { socket } of clients) socket.terminate();
  }
  const change = {
    file: 'durable-objects/stats/standing.ts',
    find: 'SESSIONS_HOLD_MS = 21_600_000',
    replace: 'SESSIONS_HOLD_MS = 1',
  };
  await using later = await startRelay({ settings, persist, bundle: (entry) => bundleMutant(entry, change) });
  expect(await connections(later)).toBe(0);
});
