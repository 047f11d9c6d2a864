import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PORTABLE } from '../../proto/crypto/portable.ts';
import { signEnvelope, verifyEnvelope } from '../../proto/crypto/signature.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../tools/dev-chain/ledger/dev-twins.ts';
import { readMetadataFile } from '../../tools/dev-chain/metadata/metadata-file.ts';
import type { Runtime } from '../../tools/dev-chain/metadata/runtime.ts';
import { toHex as hex } from '../../tools/dev-chain/metadata/scale.ts';
import { hasLiveMetadata, LIVE_METADATA } from '../rig/chain/live-metadata.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { connectSubstrate, hexOf, keyring } from '../rig/chain/substrate-client.ts';
import { buildGoClient, GO_SDKS, type GoClient, hasGo } from '../rig/clients/go-client.ts';
import { opened, sealed } from '../rig/envelopes/ciphers.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { nextOf } from '../rig/envelopes/recorded.ts';
import { asTwin, runCommand, startCommand } from '../rig/peer/command.ts';
import { runDoctor, secretOf } from '../rig/peer/doctor.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';

/** ThreeFold's Go SDK, unchanged, against our relay, our peer and our dev chain. */
const GO_CALLER = 3;
const GO_SERVER = 4;
const GO_ED25519 = 6;
const OUR_PEER = 2;
const BARE = 5;
const OUR_COMMAND = 1;

let network: Network;
let peer: PeerRig;
/** Writes a twin on chain as its peer would: with our relay and its key. */
async function settle(id: number): Promise<void> {
  const { account, e2ePublicKey } = await network.identity(id);
  const relay = `localhost:${network.relay.port}`;
  network.chain.putTwin({ id, account: hex(account), relay, pk: hex(e2ePublicKey) });
}
beforeAll(async () => {
  if (!hasGo) return;
  // Since v0.17 the SDK writes its relay on chain without the port.
  network = await startNetwork({ RELAY_DOMAINS: 'localhost' });
  for (const id of [BARE, OUR_COMMAND]) await settle(id);
  peer = await startPeerRig(network, OUR_PEER);
});
afterAll(async () => {
  for (const each of [peer, network]) await each?.[Symbol.asyncDispose]();
});

describe.skipIf(!hasGo).each(GO_SDKS)('the Go SDK $version', (sdk) => {
  let go: GoClient;
  let server: AsyncDisposable;
  const sender = { client: 'rmb-sdk-go', version: sdk.version, seal: 'unsealed' } as const;
  const as = (twin: number) => {
    const dev = DEV_TWINS.find(({ id }) => id === twin);
    if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
    return ['-chain', network.chain.wsUrl, '-relay', network.relay.wsUrl, '-secret', dev.secret, '-key', dev.keyType];
  };
  beforeAll(async () => {
    go = await buildGoClient(sdk);
    server = await go.serve(...as(GO_SERVER));
  }, 400_000);
  afterAll(async () => {
    for (const each of [server, go]) await each?.[Symbol.asyncDispose]();
  });

  it.each([
    [GO_CALLER, ['-session', 'go'], `${GO_CALLER}:go`],
    [GO_ED25519, [], `${GO_ED25519}`],
  ])('calls a service behind our peer (twin %i)', async (twin, session, source) => {
    const sources: string[] = [];
    await using _ = await startService(peer.redisUrl, 'test.add', (payload, { src }) => {
      sources.push(src);
      const [a = 0, b = 0] = JSON.parse(payload);
      return { dat: JSON.stringify({ sum: a + b }), shm: 'application/json' };
    });
    const output = await go.run('call', ...as(twin), ...session, String(OUR_PEER), 'test.add', '[19,23]');
    expect(output).toContain('answer {"sum":42}');
    expect(sources).toEqual([source]);
  });

  it('reads the error of a service behind our peer', async () => {
    await using _ = await startService(peer.redisUrl, 'test.fail', () => ({ err: { code: 42, message: 'no luck' } }));
    expect(await go.run('call', ...as(GO_CALLER), String(OUR_PEER), 'test.fail', '1')).toMatch(
      /^error (?:.*: )?no luck$/m,
    );
  });

  it('serves a program behind our peer', async () => {
    const ask = async (cmd: string, payload: string) => {
      const dat = Buffer.from(payload).toString('base64');
      await peer.request(localRequest({ cmd, dat, dst: [GO_SERVER], shm: 'application/json' }));
      const { err, src, ...reply } = await peer.reply('replies');
      return { err, src, dat: Buffer.from(reply.dat, 'base64').toString() };
    };
    const src = String(GO_SERVER);
    expect(await ask('go.add', '[1,2,3]')).toEqual({ err: null, src, dat: '{"sum":6}' });
    expect(await ask('go.caller', 'null')).toEqual({ err: null, src, dat: String(OUR_PEER) });
    expect(await ask('go.fail', 'null')).toMatchObject({ err: { code: 0, message: 'failed on purpose' } });
    expect(await ask('go.nothing', 'null')).toMatchObject({ err: { code: 0, message: 'function is not found' } });
  });

  it('calls a session of another Go program through our relay', async () => {
    await using _ = await go.serve(...as(GO_SERVER), '-session', 'calculator');
    const call = (...rest: string[]) =>
      go.run('call', ...as(GO_CALLER), '-session', 'a', '-to', 'calculator', String(GO_SERVER), ...rest);
    expect(await call('go.add', '[19,23]')).toContain('answer {"sum":42}');
    expect(await call('go.caller', 'null')).toContain(`answer ${GO_CALLER}`);
    expect(await call('go.fail', 'null')).toMatch(/^error (?:.*: )?failed on purpose$/m);
  });

  it('puts its relay and its key on chain by update_twin', async () => {
    await using client = await connectSubstrate(network.chain.wsUrl);
    const { relay, pk } = z
      .object({ relay: z.string(), pk: z.string() })
      .parse((await client.query('tfgridModule', 'twins')(GO_SERVER)).toHuman());
    expect(relay).toBe(sdk.version === 'v0.15.18' ? `localhost:${network.relay.port}` : 'localhost');
    expect(pk).toBe(hex((await network.identity(GO_SERVER)).e2ePublicKey));
  });

  it('encrypts and decrypts as we do when it calls a bare session', async () => {
    const me = await network.identity(BARE);
    await using session = await network.join(BARE);
    const calling = go.run('call', ...as(GO_CALLER), String(BARE), 'bare.command', '"secret"');
    const asked = await nextOf(session, sender);
    const other = await network.identity(GO_CALLER);
    expect(asked).toMatchObject({ schema: 'application/json', content: { kind: 'request', command: 'bare.command' } });
    expect(await verifyEnvelope(asked, other.account, PORTABLE)).toMatchObject({ ok: true });
    expect(await opened(asked, me.sharedKey(other.e2ePublicKey))).toBe('"secret"');
    const fields = { uid: asked.uid, schema: 'application/json', content: { kind: 'response' } } as const;
    const payload = await sealed('"known"', me.sharedKey(other.e2ePublicKey));
    session.send(await signEnvelope(request({ twin: BARE }, { twin: GO_CALLER }, { ...fields, payload }), me));
    expect(await calling).toContain('answer "known"');
  });

  it('decrypts and encrypts as we do when it serves a bare session', async () => {
    const me = await network.identity(BARE);
    const key = me.sharedKey((await network.identity(GO_SERVER)).e2ePublicKey);
    await using session = await network.join(BARE);
    const ask = async (command: string) => {
      const fields = { schema: 'application/json', content: { kind: 'request', command } } as const;
      const asked = request({ twin: BARE }, { twin: GO_SERVER }, { ...fields, payload: await sealed('[4,5]', key) });
      session.send(await signEnvelope(asked, me));
      return nextOf(session, sender);
    };
    expect(await opened(await ask('go.add'), key)).toBe('{"sum":9}');
    expect(await ask('go.fail')).toMatchObject({ content: { kind: 'error', message: 'failed on purpose' } });
  });

  describe('beside our commands', () => {
    const run = (...args: readonly string[]) => runCommand(args, asTwin(network, OUR_COMMAND));
    const twin = String(GO_SERVER);
    // The SDK connects in the background, and ping and bench are refused while it is offline.
    beforeAll(async () => void (await run('call', twin, 'go.caller')));

    it('answers call, with and without a payload', async () => {
      const [sum, nothing, caller] = await Promise.all([
        run('call', twin, 'go.add', '--data', '[19,23]'),
        run('call', twin, 'go.add'),
        run('call', twin, 'go.caller', '--json'),
      ]);
      expect(sum).toEqual({ code: 0, stdout: '{"sum":42}', stderr: '' });
      expect(nothing).toMatchObject({ code: 0, stdout: '{"sum":0}' });
      expect(JSON.parse(caller.stdout)).toMatchObject({
        schema: 'application/json',
        payload: { text: String(OUR_COMMAND) },
      });
    });

    it('answers call with its error, and drops a request without a schema', async () => {
      const [failed, silent] = await Promise.all([
        run('call', twin, 'go.fail'),
        withLife(
          1,
          (seconds) => run('call', twin, 'go.caller', '--schema', 'none', '-t', String(seconds)),
          ({ code }) => code === 1,
        ),
      ]);
      expect(failed).toMatchObject({ code: 1, stdout: '' });
      expect(failed.stderr).toContain(`twin ${twin} answered with error 0: failed on purpose`);
      expect(silent).toMatchObject({ code: 3, stdout: '' });
      expect(silent.stderr).toContain('with --schema application/json Go services answer');
    });

    it('answers ping with a signed error', async () => {
      const [text, json] = await Promise.all([
        run('ping', twin, '-n', '2', '-i', '0.01'),
        run('ping', twin, '-n', '1', '--json'),
      ]);
      expect(text).toMatchObject({ code: 0, stderr: '' });
      expect(text.stdout).toContain(`twin ${twin} (error 0: function is not found): seq=2 time=`);
      expect(text.stdout).toContain('2 sent, 2 answered, 0% lost');
      expect(json.code).toBe(0);
      const [pong = ''] = json.stdout.split('\n');
      const error = { code: 0, message: 'function is not found' };
      expect(JSON.parse(pong)).toMatchObject({ type: 'pong', source: twin, version: null, error });
    });

    it('answers bench', async () => {
      const { code, stdout } = await run('bench', twin, 'go.add', '--data', '[1]', '-n', '20', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ requests: 20, answered: 20, errors: {}, failed: {} });
    });

    it('calls a program behind serve', async () => {
      const program =
        'read -r text; if [ "$text" = null ]; then echo no text >&2; exit 1; fi; echo "$text" | tr a-z A-Z';
      const args = ['serve', 'my.upper', '--sid', 'upper', '--', 'sh', '-c', program];
      await using service = startCommand(args, asTwin(network, OUR_COMMAND));
      await service.said('serving');
      const ask = (payload: string) =>
        go.run('call', ...as(GO_CALLER), '-to', 'upper', String(OUR_COMMAND), 'my.upper', payload);
      expect(await ask('"hello"')).toContain('answer "HELLO"');
      expect(await ask('null')).toMatch(/^error (?:.*: )?no text$/m);
    });

    it('is found by doctor as another user of our identity', async () => {
      await settle(GO_SERVER);
      const { host } = new URL(network.relay.wsUrl);
      const urls = { REDIS: peer.redisUrl, SUBSTRATE: network.chain.wsUrl, RELAY: network.relay.wsUrl };
      const { named } = await runDoctor({ ...secretOf(GO_SERVER), ...urls });
      expect(named).toContain(`warn relay ${host}: used once`);
    });
  });

  // The chain client beneath the SDK knows events and errors by heart, whatever the metadata says.
  async function creates(key: 'sr25519' | 'ed25519', runtime?: Runtime) {
    const secret = `0x${'79'.repeat(32)}`;
    const pair = keyring.addFromSeed(Buffer.from(secret.slice(2), 'hex'), {}, key);
    const options = { blockTimeMs: 500, funded: [hexOf(pair)] };
    await using chain = await startDevChain(runtime === undefined ? options : { ...options, runtime });
    const args = ['-chain', chain.wsUrl, '-relay', 'relay.example', '-secret', secret, '-key', key];
    const said = (await go.run('create', ...args)).split('\n');
    return said.filter((line) => /^(refused|accepted|twin|error)/.test(line));
  }
  const created = [
    expect.stringMatching(/^refused .*UserDidNotSignTermsAndConditions/),
    'accepted 1 link hash',
    'twin 7 relay.example',
    expect.stringMatching(/^refused .*TwinWithPubkeyExists/),
  ];

  it.each(['sr25519', 'ed25519'] as const)('creates a twin after it has accepted the terms (%s)', async (key) => {
    expect(await creates(key)).toEqual(created);
  });

  it.skipIf(!hasLiveMetadata)('creates a twin on a chain by the live network’s metadata', async () => {
    expect(await creates('sr25519', await readMetadataFile(LIVE_METADATA))).toEqual(created);
  });
});
