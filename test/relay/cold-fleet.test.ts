import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { startRelay } from '../../tools/local-relay/relay.ts';
import { type FarNode, startFarNode } from '../../tools/storm/far-node.ts';
import { entriesOf, type Member, makeFleet, tokensOf } from '../../tools/storm/fleet.ts';
import { prewarmLocally } from '../../tools/storm/local-kv.ts';
import { spread, storm } from '../../tools/storm/storm.ts';
import { MOST_DIALS } from '../../workers/twin-resolver/dials.ts';
import { PATIENCE_MS } from '../rig/clients/client.ts';
import { upgrade } from '../rig/clients/upgrade.ts';
import { until } from '../rig/until.ts';

const PEERS = 300;
/** Charges of one address in a minute: far fewer than peers. */
const LIMIT = 5;

let directory: string;
let chain: DevChain;
let node: FarNode;
let fleet: readonly Member[];
let tokens: readonly string[];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rmb-cold-'));
  fleet = await makeFleet(PEERS + 50);
  tokens = await tokensOf(fleet);
  chain = await startDevChain({ twins: entriesOf(fleet.slice(0, PEERS), null) });
  node = await startFarNode(chain.port, 10);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await chain.close();
  await rm(directory, { recursive: true, force: true });
});

/** The address that the platform would set: this relay has no front that does. */
const from = (address: string) => ({ headers: { 'cf-connecting-ip': address } });

describe('a cold fleet', () => {
  test('of known twins behind one address comes back at once, whatever strangers there do', async () => {
    const persist = await prewarmLocally(directory, chain.wsUrl);
    await using relay = await startRelay({
      settings: { SUBSTRATE_URLS: node.url },
      strangers: LIMIT,
      direct: true,
      persist,
    });
    const ask = (token: string, address: string) => upgrade(relay.httpUrl, `/?${token}`, from(address));
    const forged = `${tokens[0]?.slice(0, -8)}AAAAAAAA`;
    await until('the limit of strangers', async () => (await ask(forged, '192.0.2.7')).status === 429);
    // All peers of the storm have no address at all, which is one address.
    await until('the limit of the fleet’s address', async () => (await ask(forged, '')).status === 429);

    const report = await storm(relay.wsUrl, spread(tokens.slice(0, PEERS), 0), PATIENCE_MS);
    expect([report.connected, report.refusals]).toEqual([PEERS, {}]);

    // A twin that no cache has: refused at that address, and known from another one.
    for (const entry of entriesOf(fleet.slice(PEERS), null)) chain.putTwin(entry);
    let place = PEERS;
    await until('a refused look-up', async () => {
      const answer = await ask(tokens[place++] ?? '', '192.0.2.7');
      if (answer.status !== 429) return false;
      expect(answer.error).toMatchObject({ code: 'too-many-strangers' });
      expect(answer.headers['retry-after']).toBe('60');
      return true;
    });
    expect((await ask(tokens[place - 1] ?? '', '192.0.2.8')).status).toBe(101);
  });

  test('of twins that no cache has is connected by a few dials', async () => {
    await using relay = await startRelay({ settings: { SUBSTRATE_URLS: node.url }, direct: true });
    const before = node.dials;
    const report = await storm(relay.wsUrl, spread(tokens.slice(0, PEERS), 0), PATIENCE_MS);
    expect(report.connected).toBe(PEERS);
    // The watcher dials too, and refused twins come again.
    expect(node.dials - before).toBeLessThan(PEERS / 4);
    // One more is the watcher's, and each may still be closing while the next opens.
    expect(node.mostOpen).toBeLessThanOrEqual(2 * (MOST_DIALS + 1));
  });
});
