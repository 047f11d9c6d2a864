import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { identityOf } from '../proto/identity.ts';
import { within } from './rig/client.ts';
import { asTwin, startCommand } from './rig/command.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { type PeerRig, startPeerRig } from './rig/peer.ts';
import { startService } from './rig/service.ts';

/** The well-known words of Substrate's development accounts. */
const MNEMONIC = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
const CLIENT_TWIN = 50;

let network: Network;
let peer: PeerRig;
beforeAll(async () => {
  network = await startNetwork();
  peer = await startPeerRig(network, 2);
  const identity = await identityOf(MNEMONIC, 'sr25519');
  if (!identity.ok) throw new Error('bad mnemonic');
  const account = `0x${Buffer.from(identity.value.account).toString('hex')}` as const;
  // This client breaks on a twin that never had a relay.
  network.chain.putTwin({ id: CLIENT_TWIN, account, relay: 'relay.grid.tf', pk: null });
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Runs the npm client in a process of its own; what it printed. */
async function call(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('clients/call.mjs', import.meta.url)), ...args]);
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(output.join(''))));
  try {
    return await within(ended, `the client's end, after ${args[4]}`, 300_000);
  } finally {
    child.kill('SIGKILL');
  }
}

it('@threefold/rmb_direct_client calls a service behind our peer, through our relay, encrypted', async () => {
  const sources: string[] = [];
  await using _ = await startService(peer.redisUrl, 'test.add', (payload, { src }) => {
    sources.push(src);
    const [a = 0, b = 0] = JSON.parse(payload);
    return { dat: JSON.stringify({ sum: a + b }), shm: 'application/json' };
  });
  const output = await call(network.chain.wsUrl, network.relay.wsUrl, MNEMONIC, '2', 'test.add', '[19,23]');
  expect(output).toContain('answer {"sum":42}');
  expect(sources).toEqual([`${CLIENT_TWIN}:test-session`]);
});

it('@threefold/rmb_direct_client calls a program that `serve` runs, and hears of its errors', async () => {
  const args = ['serve', 'test.length', '--no-sid', '--', 'sh', '-c', 'grep . || { echo "no payload" >&2; exit 1; }'];
  await using service = startCommand(args, asTwin(network, 3));
  await service.said('serving');
  const ask = (payload: string) =>
    call(network.chain.wsUrl, network.relay.wsUrl, MNEMONIC, '3', 'test.length', payload);
  expect(await ask('[19,23]')).toContain('answer [19,23]');
  expect(await ask('')).toContain('500 no payload');
});
