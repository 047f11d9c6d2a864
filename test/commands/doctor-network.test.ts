import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { startChainNode } from '../rig/chain/chain-node.ts';
import { openWard, runDoctor, secretOf, type Ward } from '../rig/peer/doctor.ts';
import { startPeerRig } from '../rig/peer/peer.ts';
import { startProxy } from '../rig/relay/proxy.ts';
import { makeAuthority, startTlsFront } from '../rig/relay/tls/front.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

describe.concurrent('the doctor about the chain', () => {
  it('warns of one node of two that is down, and fails without any', async () => {
    const down = `ws://localhost:${await freePort()}`;
    const one = await runDoctor({ ...wide, SUBSTRATE: down });
    expect(one.named).toEqual([`fail chain ${down}: reachable`]);
    expect(one.code).toBe(1);
    const two = await runDoctor({ ...wide, SUBSTRATE: `${down} ${ward.network.chain.wsUrl}` });
    expect(two.named).toEqual([`warn chain ${down}: reachable`]);
    expect(two.code).toBe(0);
  });

  it('names a node that never answers', async () => {
    await using node = await startChainNode(ward.network.chain, 'hang');
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: node.wsUrl });
    expect(named).toEqual([`fail chain ${node.wsUrl}: reachable`]);
    expect(said).toContain('it did not become ready');
    expect(code).toBe(1);
  });

  it('names a node of another network', async () => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await ward.entryOf(2, 9)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: `${ward.network.chain.wsUrl} ${other.wsUrl}` });
    expect(named).toEqual([`fail chain ${other.wsUrl}: network`]);
    expect(said).toContain('another network than');
    expect(code).toBe(1);
  });
});

describe.concurrent('the doctor about the twin', () => {
  it('names a twin that does not exist', async () => {
    const { code, named, said } = await runDoctor({ ...wide, MNEMONIC: `0x${'77'.repeat(32)}` });
    expect(named).toEqual(['fail twin: exists']);
    expect(said).toContain('is --substrate of its network?');
    expect(code).toBe(1);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: key', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: key', 1],
  ])('names another key on chain %s', async (_, noUpdate, line, exit) => {
    await ward.settle(2, { pk: `0x02${'11'.repeat(32)}` });
    const { code, named } = await runDoctor({ ...wide, ...secretOf(2), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(code).toBe(exit);
  });

  it.each([
    ['is written by the peer', 'false', 'warn twin: relays', 0],
    ['is wrong when the peer must not write', 'true', 'fail twin: relays', 1],
  ])('names a missing relay on chain %s', async (_, noUpdate, line, exit) => {
    await ward.settle(3, { relay: 'relay.example' });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(3), NO_UPDATE: noUpdate });
    expect(named).toEqual([line]);
    expect(said).toContain(`${ward.host} not on chain; on chain: relay.example`);
    expect(code).toBe(exit);
  });

  it('names an account that cannot pay', async () => {
    await ward.settle(4, { pk: null });
    ward.network.chain.drain((await ward.entryOf(4)).account);
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(4) });
    expect(named).toEqual(['warn twin: key', 'fail twin: balance']);
    expect(said).toContain('0 TFT cannot pay for the update of the twin, 0.01 TFT → send some TFT to 5');
    expect(code).toBe(1);
  });

  it('names another peer that uses the same identity', async () => {
    await using _ = await startPeerRig(ward.network, 5, { update: false });
    const { code, named, said } = await runDoctor({ ...wide, ...secretOf(5) });
    expect(named).toEqual([`warn relay ${ward.host}: used once`]);
    expect(said).toContain('one identity is used twice');
    expect(code).toBe(0);
  });
});

describe('the doctor about a relay', () => {
  it.each([
    ['where our twin is nobody', 9],
    ['where our twin is another one', 2],
  ])('explains a 401 of a relay of another network, %s', async (_, id) => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await ward.entryOf(1, id)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: other.wsUrl });
    expect(named).toEqual([`fail relay ${ward.host}: upgrade`]);
    expect(said).toMatch(/refused with 401.*it follows another network than --substrate/);
    expect(code).toBe(1);
  });

  it('explains the 404 of another server', async () => {
    const server = createServer((_, response) => void response.writeHead(404).end('nothing here'));
    server.on('upgrade', (_, socket) => void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const address = server.address();
    const host = `localhost:${address !== null && typeof address !== 'string' ? address.port : 0}`;
    const { code, named, said } = await runDoctor(await ward.atRelay(host));
    server.close();
    expect(named).toEqual([`fail relay ${host}: upgrade`]);
    expect(said).toMatch(/refused with 404.*something else answers there/);
    expect(code).toBe(1);
  });

  it('names a relay that is not there', async () => {
    const host = `localhost:${await freePort()}`;
    const { code, named, said } = await runDoctor(await ward.atRelay(host));
    expect(named).toEqual([`fail relay ${host}: connection`]);
    expect(said).toContain('nothing listens there');
    expect(code).toBe(1);
  });

  it('names a relay whose name has no address', async () => {
    const { code, named } = await runDoctor(await ward.atRelay('relay.invalid'));
    expect(named).toEqual(['fail relay relay.invalid: name']);
    expect(code).toBe(1);
  });

  it('names a certificate without a known authority', async () => {
    await using authority = await makeAuthority();
    const port = await freePort();
    await using _ = await startTlsFront(authority, port, Number(new URL(ward.network.relay.wsUrl).port));
    const host = `localhost:${port}`;
    const { code, named, said } = await runDoctor(await ward.atRelay(host, 'wss:'));
    expect(named).toEqual([`fail relay ${host}: TLS`]);
    expect(said).toContain('NODE_EXTRA_CA_CERTS');
    expect(code).toBe(1);
  });

  it('names a connection that is half open', async () => {
    await using proxy = await startProxy({ port: Number(new URL(ward.network.relay.wsUrl).port) });
    proxy.blackhole('up', 'down');
    const { code, named, said } = await runDoctor(await ward.atRelay(`localhost:${proxy.port}`));
    expect(named).toEqual([`fail relay localhost:${proxy.port}: answer`]);
    expect(said).toContain('it takes connections and says nothing');
    expect(code).toBe(1);
  });
});
