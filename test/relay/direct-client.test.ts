import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seal } from '../../proto/crypto/cipher.ts';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Identity, identityOf } from '../../proto/identity.ts';
import clients from '../clients/package.json' with { type: 'json' };
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { within } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { nextOf } from '../rig/envelopes/recorded.ts';
import { asTwin, startCommand } from '../rig/peer/command.ts';
import { type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';

/** The well-known words of Substrate's development accounts. */
const MNEMONIC = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
const CLIENT_TWIN = 50;
const BARE = 4;
const NPM_CLIENT = '@threefold/rmb_direct_client';

let network: Network;
let peer: PeerRig;
let client: Identity;
beforeAll(async () => {
  network = await startNetwork();
  peer = await startPeerRig(network, 2);
  const identity = await identityOf(MNEMONIC, 'sr25519');
  if (!identity.ok) throw new Error('bad mnemonic');
  client = identity.value;
  const account = hex(client.account);
  // This client breaks on a twin that never had a relay.
  network.chain.putTwin({ id: CLIENT_TWIN, account, relay: 'relay.grid.tf', pk: null });
});
afterAll(async () => {
  await peer[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`;

/** Runs the npm client in a process of its own; what it printed. */
async function call(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../clients/call.mjs', import.meta.url)), ...args]);
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

it('@threefold/rmb_direct_client calls a program that `serve` runs and reads its errors', async () => {
  const args = ['serve', 'test.length', '--no-sid', '--', 'sh', '-c', 'grep . || { echo "no payload" >&2; exit 1; }'];
  await using service = startCommand(args, asTwin(network, 3));
  await service.said('serving');
  const ask = (payload: string) =>
    call(network.chain.wsUrl, network.relay.wsUrl, MNEMONIC, '3', 'test.length', payload);
  expect(await ask('[19,23]')).toContain('answer [19,23]');
  expect(await ask('')).toContain('500 no payload');
});

it('@threefold/rmb_direct_client sends a plausible request without a seal and reads the answer of a bare session', async () => {
  const me = await network.identity(BARE);
  const relay = `localhost:${network.relay.port}`;
  network.chain.putTwin({ id: BARE, account: hex(me.account), relay, pk: hex(me.e2ePublicKey) });
  await using session = await network.join(BARE);
  const calling = call(network.chain.wsUrl, network.relay.wsUrl, MNEMONIC, String(BARE), 'bare.command', '[1]');
  const version = clients.dependencies[NPM_CLIENT];
  const { uid, source } = await nextOf(session, { client: NPM_CLIENT, version, seal: 'unsealed' });
  expect(source).toEqual({ twin: CLIENT_TWIN, connection: 'test-session' });
  const bytes = await seal(me.sharedKey(client.e2ePublicKey), new TextEncoder().encode('{"known":1}'));
  const fields = {
    uid,
    schema: 'application/json',
    content: { kind: 'response' },
    payload: { kind: 'cipher', bytes },
  } as const;
  session.send(await signEnvelope(request({ twin: BARE }, source, fields), me));
  expect(await calling).toContain('answer {"known":1}');
});
