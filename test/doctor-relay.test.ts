import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { freePort } from '../local-relay/port.ts';
import { openWard, runDoctor, type Ward } from './rig/doctor.ts';
import { startProxy } from './rig/proxy.ts';
import { makeAuthority, startTlsFront } from './rig/tls-front.ts';

/** Everything is well; each test breaks one thing, and sees the doctor name that one alone. */
let ward: Ward;
let wide: Readonly<Record<string, string>>;
beforeAll(async () => {
  ward = await openWard();
  wide = ward.settings;
});
afterAll(() => ward[Symbol.asyncDispose]());

describe('a relay', () => {
  it.each([
    ['where our twin is nobody', 9],
    ['where our twin is another one', 2],
  ])('of another network, %s: 401', async (_, id) => {
    await using other = await startDevChain({ blockTimeMs: 1000, twins: [await ward.entryOf(1, id)] });
    const { code, named, said } = await runDoctor({ ...wide, SUBSTRATE: other.wsUrl });
    expect(named).toEqual([`fail relay ${ward.host}: upgrade`]);
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
    const { code, named, said } = await runDoctor(await ward.atRelay(host));
    server.close();
    expect(named).toEqual([`fail relay ${host}: upgrade`]);
    expect(said).toMatch(/refused with 404.*something else answers there/);
    expect(code).toBe(1);
  });

  it('that is not there', async () => {
    const host = `localhost:${await freePort()}`;
    const { code, named, said } = await runDoctor(await ward.atRelay(host));
    expect(named).toEqual([`fail relay ${host}: connection`]);
    expect(said).toContain('nothing listens there');
    expect(code).toBe(1);
  });

  it('whose name has no address', async () => {
    const { code, named } = await runDoctor(await ward.atRelay('relay.invalid'));
    expect(named).toEqual(['fail relay relay.invalid: name']);
    expect(code).toBe(1);
  });

  it('whose certificate nobody vouches for; with its authority all is well', async () => {
    await using authority = await makeAuthority();
    const port = await freePort();
    await using _ = await startTlsFront(authority, port, Number(new URL(ward.network.relay.wsUrl).port));
    const host = `localhost:${port}`;
    const { code, named, said } = await runDoctor(await ward.atRelay(host, 'wss:'));
    expect(named).toEqual([`fail relay ${host}: TLS`]);
    expect(said).toContain('NODE_EXTRA_CA_CERTS');
    expect(code).toBe(1);
  });

  it('behind a connection that is half open', async () => {
    await using proxy = await startProxy({ port: Number(new URL(ward.network.relay.wsUrl).port) });
    proxy.blackhole('up', 'down');
    const { code, named, said } = await runDoctor(await ward.atRelay(`localhost:${proxy.port}`));
    expect(named).toEqual([`fail relay localhost:${proxy.port}: answer`]);
    expect(said).toContain('it takes connections and says nothing');
    expect(code).toBe(1);
  });
});
