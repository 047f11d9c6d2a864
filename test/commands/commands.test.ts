import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { buildMetadata } from '../../tools/dev-chain/metadata/metadata.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { connectSubstrate } from '../rig/chain/substrate-client.ts';
import { connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { startPeerProcess } from '../rig/peer/peer-process.ts';
import { launch } from '../rig/process.ts';
import { startRedis } from '../rig/redis/redis.ts';

/** The commands of the README, as programs: what they print, and how they end. */

describe('npm run dev-chain', () => {
  it('prints where it listens, and stops on SIGTERM', async () => {
    const port = await freePort();
    const chain = await launch(['tools/dev-chain/main.ts', '--port', String(port), '--block-time', '0.2']);
    expect(chain.ready).toBe(
      `dev-chain: listening on ws://localhost:${port} (also http), a block every 0.2 s, development twins 1 to 6`,
    );
    expect(await chain.stop('SIGTERM')).toBe(0);
  });

  it('loads twins from a file and names a fault in it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rmb-twins-'));
    const file = join(directory, 'twins.json');
    await writeFile(file, JSON.stringify([{ id: 9, account: `0x${'ab'.repeat(32)}`, relay: null, pk: null }]));
    const chain = await launch(['tools/dev-chain/main.ts', '--port', '0', '--twins', file]);
    expect(chain.ready).toContain('1 twins of');
    expect(await chain.stop('SIGINT')).toBe(0);
    await writeFile(file, JSON.stringify([{ id: 9, account: '0xab', relay: null, pk: null }]));
    await expect(launch(['tools/dev-chain/main.ts', '--port', '0', '--twins', file])).rejects.toThrow(
      '0.account: must be 32 bytes',
    );
    await rm(directory, { recursive: true });
  });

  it('funds an account, and takes a network’s metadata from a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rmb-metadata-'));
    const file = join(directory, 'metadata');
    await writeFile(file, buildMetadata());
    const account = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
    const args = ['tools/dev-chain/main.ts', '--port', '0', '--metadata', file, '--fund'];
    const chain = await launch([...args, account]);
    expect(chain.ready).toMatch(/development twins 1 to 6, metadata of substrate-threefold 150$/);
    const url = /ws:\S+/.exec(chain.ready)?.[0] ?? '';
    await using client = await connectSubstrate(url);
    const found = (await client.query('system', 'account')(account)).toJSON();
    expect(found).toMatchObject({ nonce: 0, data: { free: 10_000_000_000 } });
    expect(await chain.stop('SIGTERM')).toBe(0);
    await expect(launch([...args, '0xab'])).rejects.toThrow('--fund: 0xab is no account');
    await writeFile(file, 'x');
    await expect(launch([...args, account])).rejects.toThrow(`${file}: no metadata`);
    await rm(directory, { recursive: true });
  });
});

describe('npm run relay', () => {
  it('keeps mail over a restart, and stops on SIGINT and SIGTERM', async () => {
    await using chain = await startDevChain({ blockTimeMs: 500 });
    const directory = await mkdtemp(join(tmpdir(), 'rmb-relay-'));
    const port = await freePort();
    const env = { SUBSTRATE_URLS: chain.wsUrl, RELAY_DOMAINS: 'relay.example' };
    const args = ['tools/local-relay/main.ts', '--port', String(port), '--persist', directory];
    for (const id of [1, 2]) {
      const { account } = await identityOfTwin(id);
      chain.putTwin({ id, account: `0x${Buffer.from(account).toString('hex')}`, relay: 'relay.example', pk: null });
    }
    const relay = await launch(args, env);
    expect(relay.ready).toBe(
      `relay: listening on ws://localhost:${port}, domains relay.example localhost:${port} 127.0.0.1:${port}, chain ${chain.wsUrl}`,
    );
    const sent = Array.from({ length: 50 }, () => request({ twin: 1 }, { twin: 2 }));
    {
      await using a = await connectAs(`ws://localhost:${port}`, 1, await identityOfTwin(1));
      for (const each of sent) a.send(each);
      // A later message on the same way is answered, so all earlier ones are stored.
      const marker = request({ twin: 1 }, { twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
      a.send(marker);
      expect((await a.next()).uid).toBe(marker.uid);
    }
    expect(await relay.stop('SIGINT')).toBe(0);
    const again = await launch(args, env);
    {
      await using b = await connectAs(`ws://localhost:${port}`, 2, await identityOfTwin(2));
      for (const each of sent) expect((await b.next()).uid).toBe(each.uid);
    }
    expect(await again.stop('SIGTERM')).toBe(0);
    await rm(directory, { recursive: true });
  });

  it('refuses to start with a bad setting', async () => {
    await expect(launch(['tools/local-relay/main.ts', '--port', '0'], { MAILBOX_TTL: 'soon' })).rejects.toThrow(
      'MAILBOX_TTL',
    );
    await expect(launch(['tools/local-relay/main.ts', '--port', 'x'])).rejects.toThrow('--port: x is no port');
  });
});

describe('npm run peer', () => {
  it('refuses to start with a bad secret', async () => {
    await expect(launch(['local-peer/main.ts', '-m', 'not a mnemonic'])).rejects.toThrow('--mnemonic');
  });

  it('prints who it is when it is ready, and stops on Ctrl-C at any time', async () => {
    await using chain = await startDevChain({ blockTimeMs: 500 });
    await using redis = await startRedis();
    const flags = ['-m', `0x${'01'.repeat(32)}`, '-s', chain.wsUrl, '--relay', 'ws://localhost:9'];
    const waiting = startPeerProcess({ args: [...flags, '-r', 'redis://127.0.0.1:9'] });
    for (const words of ['Redis: not connected', 'relay: not connected']) {
      await waiting.find(words, (line) => (line.includes(words) ? line : undefined));
    }
    expect(await waiting.stop('SIGINT')).toBe(0);

    const relayPort = await freePort();
    const env = { SUBSTRATE_URLS: chain.wsUrl };
    const relay = await launch(['tools/local-relay/main.ts', '--port', String(relayPort)], env);
    const url = `ws://localhost:${relayPort}`;
    const ready = ['-m', `0x${'01'.repeat(32)}`, '-s', chain.wsUrl, '--relay', url, '-r', redis.url];
    const peer = await launch(['local-peer/main.ts', ...ready]);
    expect(peer.ready).toBe(`rmb-peer: twin 1 ready, redis ${new URL(redis.url).host}, relays ${new URL(url).host}`);
    expect(await peer.stop('SIGINT')).toBe(0);
    expect(await relay.stop('SIGTERM')).toBe(0);
  });
});
