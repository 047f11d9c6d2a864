import { once } from 'node:events';
import { createServer } from 'node:http';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { freePort } from '../local-relay/port.ts';
import { startChainNode } from './rig/chain-node.ts';
import { runDoctor, secretOf } from './rig/doctor.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { startOldRedis } from './rig/old-redis.ts';
import { startPeerRig } from './rig/peer.ts';
import { startPeerProcess } from './rig/peer-process.ts';
import { startProxy } from './rig/proxy.ts';
import { type RedisRig, startRedis } from './rig/redis.ts';
import { makeAuthority, startTlsFront } from './rig/tls-front.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let network: Network;
let redis: RedisRig;
let wide: Record<string, string>;
beforeAll(async () => {
  [network, redis] = await Promise.all([startNetwork(), startRedis()]);
  for (const id of [1, 2, 3, 4, 5]) await settle(id);
  wide = { ...secretOf(1), REDIS: redis.url, SUBSTRATE: network.chain.wsUrl, RELAY: network.relay.wsUrl };
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await redis.close();
});

const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`;

/** A twin on chain as a peer with these relays would have it; `id` may be another one there than its name. */
async function entryOf(twin: number, id = twin, relay = new URL(network.relay.wsUrl).host) {
  const { account, e2ePublicKey } = await network.identity(twin);
  return { id, account: hex(account), relay, pk: hex(e2ePublicKey) };
}

async function settle(twin: number, fields: { relay?: string; pk?: `0x${string}` | null } = {}): Promise<void> {
  network.chain.putTwin({ ...(await entryOf(twin)), ...fields });
}

/** Twin 1 has this relay, and no other, on chain and in its settings. */
async function atRelay(host: string, protocol = 'ws:') {
  await settle(1, { relay: host });
  return { ...wide, RELAY: `${protocol}//${host}` };
}

describe('a peer that is well', () => {
  it('is told so, and each part with it', async () => {
    const { code, named, output } = await runDoctor(wide);
    expect(named).toEqual([]);
    expect(output).not.toContain('"skipped"');
    expect(output).toContain('"ok": true');
    expect(code).toBe(0);
  });

  it('reads lines without colours where no terminal is, and no secret in them', async () => {
    const env = Object.fromEntries(Object.entries(wide).map(([name, value]) => [`RMB_${name}`, value]));
    await using process = startPeerProcess({ args: ['doctor'], env });
    expect(await process.ended).toBe(0);
    expect(process.output()).toMatch(/^ok +secret +words +good: with key type sr25519/);
    expect(process.output()).toContain('0 failed, 0 to be looked at');
    expect(process.output()).not.toContain('\u001b');
    expect(process.output()).not.toContain(wide.MNEMONIC);
  });

  it('can be one that runs: it is left alone', async () => {
    await using rig = await startPeerRig(network, 5, { update: false });
    const { code, named, output } = await runDoctor({ ...wide, ...secretOf(5), REDIS: rig.redisUrl });
    expect(named).toEqual([]);
    expect(output).toContain('by the peer of this Redis, which runs');
    expect(code).toBe(0);
    expect(rig.logged.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});

describe('what is asked for wrongly', () => {
  it.each([
    ['an unknown flag', ['--jsno'], 'rmb-peer: there is no flag --jsno'],
    ['a bad setting', ['--key-type', 'rsa'], 'rmb-peer: --key-type: must be sr25519 or ed25519'],
  ])('%s ends it with 2', async (_, args, message) => {
    const { code, output } = await runDoctor(wide, { args });
    expect(code).toBe(2);
    expect(output).toContain(message);
  });

  it('its help tells the flags and the exit codes', async () => {
    await using process = startPeerProcess({ args: ['doctor', '--help'] });
    expect(await process.ended).toBe(0);
    for (const text of ['--json', '--redis', 'Exit codes: 0']) expect(process.output()).toContain(text);
  });
});

describe('the secret', () => {
  it('of wrong words', async () => {
    const words = 'legal winner thank year wave sausage worth useful legal winner thank thank';
    const { code, named, output } = await runDoctor({ ...wide, MNEMONIC: words });
    expect(named).toEqual(['fail secret: words']);
    expect(output).not.toContain('sausage');
    expect(code).toBe(1);
  });

  it('with the wrong key type', async () => {
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(6), KEY_TYPE: 'sr25519' });
    expect(named).toEqual(['fail secret: key type']);
    expect(said).toContain('set --key-type ed25519');
    expect(code).toBe(1);
  });
});

describe('the clock', () => {
  it.each([
    ['behind', -60_000],
    ['ahead of', 60_000],
  ])('60 s %s the relay’s', async (side, ms) => {
    const shifted = `data:text/javascript,const now = Date.now; Date.now = () => now() + ${ms}`;
    const { code, named, said } = await runDoctor(wide, {
      command: [process.execPath, '--import', shifted, 'local-peer/main.ts'],
    });
    expect(named).toEqual(['warn clock: time']);
    expect(said).toMatch(new RegExp(`(59|60|61) s ${side} the relays’.*NTP`));
    expect(code).toBe(0);
  });
});

describe('Redis', () => {
  it('that is down', async () => {
    const { code, named, said } = await runDoctor({ ...wide, REDIS: `redis://127.0.0.1:${await freePort()}` });
    expect(named).toEqual(['fail redis: reachable']);
    expect(said).toMatch(/ECONNREFUSED.*start Redis/);
    expect(code).toBe(1);
  });

  it('with another password, or none given', async () => {
    await using guarded = await startDurableRedis(['--requirepass', 'right-one']);
    for (const url of [guarded.url, guarded.url.replace('//', '//:wrong-one@')]) {
      const { code, named, output } = await runDoctor({ ...wide, REDIS: url });
      expect(named).toEqual(['fail redis: password']);
      expect(output).not.toContain('wrong-one');
      expect(code).toBe(1);
    }
  });

  it('whose memory is full', async () => {
    await using full = await startDurableRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction']);
    const filler = createClient({ url: full.url });
    await filler.connect();
    await expect(async () => {
      for (let n = 0; ; n += 1) await filler.set(`filler${n}`, 'x'.repeat(500_000));
    }).rejects.toThrow('OOM');
    filler.destroy();
    const { code, named, said } = await runDoctor({ ...wide, REDIS: full.url });
    expect(named).toEqual(['fail redis: writable']);
    expect(said).toContain('its memory is full');
    expect(code).toBe(1);
  });

  it('that throws keys away', async () => {
    await using lossy = await startDurableRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru']);
    const { code, named } = await runDoctor({ ...wide, REDIS: lossy.url });
    expect(named).toEqual(['warn redis: memory']);
    expect(code).toBe(0);
  });

  it('that is too old', async () => {
    await using old = await startOldRedis();
    const { code, named, said } = await runDoctor({ ...wide, REDIS: old.url });
    expect(named).toEqual(['fail redis: version']);
    expect(said).toContain('5.0.14 is too old → install Redis 6.2');
    expect(code).toBe(1);
  });

  it('with a command’s queue that is full', async () => {
    const program = createClient({ url: redis.url });
    await program.connect();
    await program.lPush(
      'msgbus.shop.order',
      Array.from({ length: 10_000 }, () => '{}'),
    );
    const { code, named, said } = await runDoctor(wide);
    await program.del('msgbus.shop.order');
    program.destroy();
    expect(named).toEqual(['fail redis: queues']);
    expect(said).toContain('msgbus.shop.order');
    expect(code).toBe(1);
  });
});

describe('the chain', () => {
  it('that is down; one of two only brings a warning', async () => {
    const down = `ws://localhost:${await freePort()}`;
    const one = await runDoctor({ ...wide, SUBSTRATE: down });
    expect(one.named).toEqual([`fail chain ${down}: reachable`]);
    expect(one.code).toBe(1);
    const two = await runDoctor({ ...wide, SUBSTRATE: `${down} ${network.chain.wsUrl}` });
    expect(two.named).toEqual([`warn chain ${down}: reachable`]);
    expect(two.code).toBe(0);
  });

  it('that takes calls and never answers', async () => {
    await using node = await startChainNode(network.chain, 'hang');
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: node.wsUrl });
    expect(named).toEqual([`fail chain ${node.wsUrl}: reachable`]);
    expect(said).toContain('it did not become ready');
    expect(code).toBe(1);
  });

  it('of another network beside ours', async () => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await entryOf(2, 9)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: `${network.chain.wsUrl} ${other.wsUrl}` });
    expect(named).toEqual([`fail chain ${other.wsUrl}: network`]);
    expect(said).toContain('another network than');
    expect(code).toBe(1);
  });
});

describe('the twin', () => {
  it('that does not exist', async () => {
    const { code, named, said } = await runDoctor({ ...wide, MNEMONIC: `0x${'77'.repeat(32)}` });
    expect(named).toEqual(['fail twin: exists']);
    expect(said).toContain('is --substrate of its network?');
    expect(code).toBe(1);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: key', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: key', 1],
  ])('with another key on chain %s', async (_, noUpdate, line, exit) => {
    await settle(2, { pk: `0x02${'11'.repeat(32)}` });
    const { code, named } = await runDoctor({ ...wide, ...secretOf(2), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(code).toBe(exit);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: relays', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: relays', 1],
  ])('without our relay on chain %s', async (_, noUpdate, line, exit) => {
    await settle(3, { relay: 'relay.example' });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(3), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(said).toContain(`${new URL(network.relay.wsUrl).host} not on chain: there stands relay.example`);
    expect(code).toBe(exit);
  });

  it('that cannot pay for what must be written', async () => {
    await settle(4, { pk: null });
    network.chain.drain((await entryOf(4)).account);
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(4) });
    expect(named).toEqual(['warn twin: key', 'fail twin: balance']);
    expect(said).toContain('0 TFT cannot pay for the update of the twin, 0.01 TFT → send some TFT to 5');
    expect(code).toBe(1);
  });

  it('whose identity another peer uses, beside another Redis', async () => {
    await using _ = await startPeerRig(network, 5, { update: false });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(5) });
    expect(named).toEqual([`warn relay ${new URL(network.relay.wsUrl).host}: used once`]);
    expect(said).toContain('one identity is used twice');
    expect(code).toBe(0);
  });
});

describe('a relay', () => {
  it.each([
    ['where our twin is nobody', 9],
    ['where our twin is another one', 2],
  ])('of another network, %s: 401', async (_, id) => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await entryOf(1, id)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: other.wsUrl });
    expect(named).toEqual([`fail relay ${new URL(network.relay.wsUrl).host}: upgrade`]);
    expect(said).toMatch(/refused with 401.*it follows another network than --substrate/);
    expect(code).toBe(1);
  });

  it('that is something else: 404', async () => {
    const server = createServer((_, response) => void response.writeHead(404).end('nothing here'));
    server.on('upgrade', (_, socket) => void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const address = server.address();
    const host = `localhost:${address !== null && typeof address !== 'string' ? address.port : 0}`;
    const { code, named, said } = await runDoctor(await atRelay(host));
    server.close();
    expect(named).toEqual([`fail relay ${host}: upgrade`]);
    expect(said).toMatch(/refused with 404.*something else answers there/);
    expect(code).toBe(1);
  });

  it('that is not there', async () => {
    const host = `localhost:${await freePort()}`;
    const { code, named, said } = await runDoctor(await atRelay(host));
    expect(named).toEqual([`fail relay ${host}: connection`]);
    expect(said).toContain('nothing listens there');
    expect(code).toBe(1);
  });

  it('whose name has no address', async () => {
    const { code, named } = await runDoctor(await atRelay('relay.invalid'));
    expect(named).toEqual(['fail relay relay.invalid: name']);
    expect(code).toBe(1);
  });

  it('whose certificate nobody vouches for; with its authority all is well', async () => {
    await using authority = await makeAuthority();
    const port = await freePort();
    await using _ = await startTlsFront(authority, port, Number(new URL(network.relay.wsUrl).port));
    const host = `localhost:${port}`;
    const { code, named, said } = await runDoctor(await atRelay(host, 'wss:'));
    expect(named).toEqual([`fail relay ${host}: TLS`]);
    expect(said).toContain('NODE_EXTRA_CA_CERTS');
    expect(code).toBe(1);
  });

  it('behind a connection that is half open', async () => {
    await using proxy = await startProxy({ port: Number(new URL(network.relay.wsUrl).port) });
    proxy.blackhole('up', 'down');
    const { code, named, said } = await runDoctor(await atRelay(`localhost:${proxy.port}`));
    expect(named).toEqual([`fail relay localhost:${proxy.port}: answer`]);
    expect(said).toContain('it takes connections and says nothing');
    expect(code).toBe(1);
  });
});
