import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { connect } from '../../client/node.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { startNetwork } from '../rig/chain/network.ts';
import { buildGoClient, GO_SDKS, hasGo } from '../rig/clients/go-client.ts';
import { writeShim } from './shim.ts';

/**
 * The real @threefold/grid_client on rmb-client/compat, against services of this client and in Go, on the dev chain. Its
 * installation is 260 MB, so it is no part of `npm test`.
 */

const run = promisify(execFile);
const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const [CALLER, SERVICE, GO_SERVER] = [1, 2, 4];
const CALLS = 20;
/** A program that hangs is ended, ms. */
const LIMIT_MS = 300_000;

const resultOf = z.object({
  isCompat: z.boolean(),
  version: z.unknown(),
  sum: z.unknown(),
  failure: z.string(),
  compatMs: z.array(z.number()),
  npmMs: z.array(z.number()),
});

await run(process.execPath, ['tools/build/bundle-client.ts'], { cwd: ROOT });
await writeShim(join(HERE, 'shim'));
await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: HERE });

// Since v0.17 the Go SDK writes its relay on chain without the port.
await using network = await startNetwork({ RELAY_DOMAINS: 'localhost' });
const { chain, relay } = network;
for (const id of [CALLER, SERVICE, GO_SERVER]) {
  const { account, e2ePublicKey } = await network.identity(id);
  chain.putTwin({ id, account: hexOf(account), relay: `localhost:${relay.port}`, pk: hexOf(e2ePublicKey) });
}
chain.makeBlocks(2);

await using service = await connect({ ...dev(SERVICE), chain: [chain.wsUrl], relays: [relay.wsUrl], sid: false });
service.serve('zos.system.version', () => '{"zos":"3.0.0"}');
service.serve('zos.statistics.get', () => '{"total":{"cru":4}}');
service.serve('zos.fails', () => {
  throw new Error('out of order');
});
await using stack = new AsyncDisposableStack();
if (hasGo) {
  const go = stack.use(await buildGoClient(GO_SDKS[1]));
  const { secret, keyType } = dev(GO_SERVER);
  stack.use(await go.serve('-chain', chain.wsUrl, '-relay', relay.wsUrl, '-secret', secret, '-key', keyType));
} else console.log('Go: not called, no Go is installed here');
await using services = await startServices();

const { secret } = dev(CALLER);
const twins = [hasGo ? GO_SERVER : 0, SERVICE].map(String);
const args = ['program.cjs', chain.wsUrl, relay.wsUrl, services.url, secret, ...twins, String(CALLS)];
const { stdout } = await run(process.execPath, args, { cwd: HERE, timeout: LIMIT_MS });
const { compatMs, npmMs, failure, ...result } = resultOf.parse(
  JSON.parse(/^result (.*)$/m.exec(stdout)?.[1] ?? 'null'),
);
assert.deepEqual(result, {
  isCompat: true,
  version: { zos: '3.0.0' },
  sum: hasGo ? { sum: 42 } : null,
});
assert.match(failure, /out of order/);
console.log(`grid_client works. A call of ${CALLS}, median and fastest:`);
console.log(`  rmb-client/compat  ${medianOf(compatMs)} ms  ${Math.round(Math.min(...compatMs))} ms`);
console.log(`  rmb_direct_client  ${medianOf(npmMs)} ms  ${Math.round(Math.min(...npmMs))} ms`);

function dev(id: number): (typeof DEV_TWINS)[number] {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return twin;
}

function hexOf(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function medianOf(times: readonly number[]): number {
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN);
}

/** What grid_client asks of the grid besides chain and relay: that its proxy answers, and which twin a node is. */
async function startServices(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { nodes: [{ twinID: SERVICE }] } }));
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
