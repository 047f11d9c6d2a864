import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client, generatePublicKey } from '../../client/compat/index.ts';
import { type Bus, connect } from '../../client/node.ts';
import { DEV_TWINS, type DevTwin } from '../../tools/dev-chain/ledger/dev-twins.ts';
import type { TwinEntry } from '../../tools/dev-chain/ledger/twin-entry.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { connectSubstrate } from '../rig/chain/substrate-client.ts';
import { buildGoClient, GO_SDKS, hasGo } from '../rig/clients/go-client.ts';
import { startTwoRelays } from '../rig/relay/two-relays.ts';

/** `rmb-client/compat`: programs of @threefold/rmb_direct_client on this client, against services of this client and in Go. */

const [COMPLETE, SERVICE, BARE, GO_SERVER, AT_B] = [1, 2, 3, 4, 5];
const HALF_A_MINUTE = 0.5;

let network: Network;
let service: Bus;
let clients: Client[] = [];
beforeAll(async () => {
  network = await startNetwork({ RELAY_DOMAINS: 'localhost' });
  for (const id of [COMPLETE, SERVICE, GO_SERVER]) {
    network.chain.putTwin(await record(id, `localhost:${network.relay.port}`));
  }
  network.chain.makeBlocks(2);
  const { secret, keyType } = dev(SERVICE);
  const { chain, relay } = network;
  service = await connect({ secret, keyType, chain: [chain.wsUrl], relays: [relay.wsUrl], sid: false });
  service.serve('test.sum', ({ data }) => {
    const numbers: unknown = JSON.parse(new TextDecoder().decode(data));
    if (!Array.isArray(numbers)) throw new Error('no list');
    return JSON.stringify({ sum: numbers.reduce((sum, each) => sum + Number(each), 0) });
  });
  service.serve('test.bytes', ({ data }) => ({ data: String(data.length), schema: undefined }));
  service.serve('test.text', () => ({ data: 'grüezi', schema: 'text/plain' }));
  service.serve('test.nothing', () => '');
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.disconnect()));
  clients = [];
});
afterAll(async () => {
  await service.close();
  await network[Symbol.asyncDispose]();
});

function dev(id: number): DevTwin {
  const twin = DEV_TWINS.find((each) => each.id === id);
  if (twin === undefined) throw new Error(`twin ${id} is no development twin`);
  return twin;
}

const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}` as const;

/** A twin as the chain has it. @param keyOf the twin whose key it has; null for none */
async function record(id: number, relay: string | null, keyOf: number | null = id): Promise<TwinEntry> {
  const { account } = await network.identity(id);
  const pk = keyOf === null ? null : hexOf((await network.identity(keyOf)).e2ePublicKey);
  return { id, account: hexOf(account), relay, pk };
}

/** As grid_client makes it. */
function clientOf(id: number, session = 'abcdefghij'): Client {
  const { secret, keyType } = dev(id);
  const client = new Client(network.chain.wsUrl, network.relay.wsUrl, secret, session, keyType, 5);
  clients.push(client);
  return client;
}

/** The record that the chain has of a twin, read by another library. */
async function onChain(id: number, { wsUrl } = network.chain): Promise<unknown> {
  await using substrate = await connectSubstrate(wsUrl);
  return (await substrate.query('tfgridModule', 'twins')(id)).toHuman();
}

async function call(client: Client, command: string, data: string, twin = SERVICE): Promise<unknown> {
  return client.read(await client.send(command, data, twin, HALF_A_MINUTE, 1));
}

describe('generatePublicKey', () => {
  // What generatePublicKey of @threefold/rmb_direct_client 2.9.2 returned.
  it.each([
    [
      'bottom drive obey lake curtain smoke basket hold race lonely fit walk',
      '0x035b26108e8b97479c547da4860d862dc08ab2c29ada449c74d5a9a58a6c46a8c4',
    ],
    [`0x${'5a'.repeat(32)}`, '0x029c5530e4385ebc41cdaf8257edf9a2baaf8506a4099103211e6ed7382103ed67'],
    ['AB'.repeat(32), '0x0381aaadc8a5e83f4576df823cf22a5b1969cf704a0d5f6f68bd757410c9917aac'],
  ])('returns what the npm client returns for %s', (secret, key) => {
    expect(generatePublicKey(secret)).toBe(key);
  });

  it('refuses what is no secret, and does not repeat it', () => {
    for (const secret of ['twelve words that are none', '0x1234', '00'.repeat(32)]) {
      expect(() => generatePublicKey(secret)).toThrow(/^invalid secret: (?!.*(twelve|1234|0000))/);
    }
  });
});

describe('Client', () => {
  it('calls a service, and reads values with and without a JSON schema', async () => {
    const client = clientOf(COMPLETE);
    await client.connect();
    expect(await call(client, 'test.sum', '[19,23]')).toEqual({ sum: 42 });
    expect(await call(client, 'test.bytes', '')).toBe(0);
    expect(await call(client, 'test.text', '')).toBe('grüezi');
    expect(await call(client, 'test.nothing', '')).toBeNull();
  });

  it('tells by `read` why there is no response', async () => {
    const client = clientOf(COMPLETE);
    await client.connect();
    await expect(call(client, 'test.sum', '{}')).rejects.toThrow(/answered with error 500: no list$/);
    await expect(call(client, 'test.sum', '[]', 4_000_000)).rejects.toMatchObject({ code: 'unknown-twin' });
    await expect(client.read('no-such-id')).rejects.toMatchObject({ code: 'invalid' });
  });

  it('answers a ping, and reconnects after `disconnect`', async () => {
    const client = clientOf(COMPLETE);
    expect(await client.read(await client.ping())).toEqual({});
    await client.disconnect();
    await client.reconnect();
    expect(await call(client, 'test.sum', '[1]')).toEqual({ sum: 1 });
  });

  it('waits at `disconnect` for a reply, and shares its session with other clients of the twin', async () => {
    const [one, other] = [clientOf(COMPLETE, 'first'), clientOf(COMPLETE, 'second')];
    await Promise.all([one.connect(), other.connect()]);
    let sources: string[] = [];
    const end = service.serve('test.source', ({ source }) => {
      sources = [...sources, source];
      return '"late"';
    });
    const ids = [await one.send('test.source', '', SERVICE, HALF_A_MINUTE)];
    await one.disconnect();
    expect(await one.read(ids[0] ?? '')).toBe('late');
    expect(await call(other, 'test.source', '')).toBe('late');
    end();
    expect(sources).toEqual([`${COMPLETE}:first`, `${COMPLETE}:first`]);
  });

  it('takes over no signal, and hides its secret', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGUSR2'];
    const before = signals.map((signal) => process.listenerCount(signal));
    const client = clientOf(COMPLETE);
    await client.connect();
    expect(signals.map((signal) => process.listenerCount(signal))).toEqual(before);
    expect(JSON.stringify(client)).not.toContain(dev(COMPLETE).secret.slice(2));
  });

  it('does not write a twin on chain that has another relay there, and gets its replies from that relay', async () => {
    await using relays = await startTwoRelays();
    const there = { chain: [relays.chain.wsUrl], relays: [relays.a.wsUrl] };
    const { secret, keyType } = dev(AT_B);
    await using atA = await connect({ secret: dev(SERVICE).secret, sid: false, ...there });
    atA.serve('test.here', () => '"here"');
    const client = new Client(relays.chain.wsUrl, relays.a.wsUrl, secret, 'abroad', keyType, 5);
    clients.push(client);
    relays.chain.putTwin(await record(AT_B, `localhost:${relays.b.port}`));
    relays.chain.makeBlocks(2);
    await client.connect();
    expect(await call(client, 'test.here', '')).toBe('here');
    expect(await onChain(AT_B, relays.chain)).toMatchObject({ relay: `localhost:${relays.b.port}` });
  });

  it('writes the relay and the key of a twin that has none', async () => {
    network.chain.putTwin(await record(BARE, null, null));
    network.chain.makeBlocks(2);
    const client = clientOf(BARE);
    await client.connect();
    const pk = generatePublicKey(dev(BARE).secret);
    expect(await onChain(BARE)).toMatchObject({ relay: `localhost:${network.relay.port}`, pk });
    expect(await call(client, 'test.sum', '[3]')).toEqual({ sum: 3 });
  });

  it('refuses a twin whose key on chain is not its own', async () => {
    network.chain.putTwin(await record(BARE, `localhost:${network.relay.port}`, COMPLETE));
    network.chain.makeBlocks(2);
    await expect(clientOf(BARE).connect()).rejects.toMatchObject({ code: 'identity', twin: BARE });
  });
});

describe.skipIf(!hasGo).each(GO_SDKS)('a service on the Go SDK $version', (sdk) => {
  it('is called, and its errors are read', async () => {
    await using go = await buildGoClient(sdk);
    const { secret, keyType } = dev(GO_SERVER);
    const place = ['-chain', network.chain.wsUrl, '-relay', network.relay.wsUrl];
    await using _ = await go.serve(...place, '-secret', secret, '-key', keyType);
    const client = clientOf(COMPLETE);
    await client.connect();
    expect(await call(client, 'go.add', '[19,23]', GO_SERVER)).toEqual({ sum: 42 });
    expect(await call(client, 'go.caller', '', GO_SERVER)).toBe(COMPLETE);
    await expect(call(client, 'go.fail', '', GO_SERVER)).rejects.toThrow(/failed on purpose/);
  });
});
