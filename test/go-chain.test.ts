import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { readMetadataFile } from '../dev-chain/metadata-file.ts';
import type { Runtime } from '../dev-chain/runtime.ts';
import { buildGoClient, type GoClient, hasGo } from './rig/go-client.ts';
import { hasLiveMetadata, LIVE_METADATA } from './rig/live-metadata.ts';
import { hexOf, keyring } from './rig/substrate-client.ts';

/** The chain client beneath ThreeFold's Go SDK, unchanged: it knows events and errors by heart. */
describe.skipIf(!hasGo)('the Go chain client', () => {
  let go: GoClient;
  beforeAll(async () => {
    go = await buildGoClient();
  }, 400_000);
  afterAll(() => go?.[Symbol.asyncDispose]());

  async function creates(key: 'sr25519' | 'ed25519', runtime?: Runtime) {
    const secret = `0x${'79'.repeat(32)}`;
    const pair = keyring.addFromSeed(Buffer.from(secret.slice(2), 'hex'), {}, key);
    const options = { blockTimeMs: 500, funded: [hexOf(pair)] };
    await using chain = await startDevChain(runtime === undefined ? options : { ...options, runtime });
    const args = ['-chain', chain.wsUrl, '-relay', 'relay.example', '-secret', secret, '-key', key];
    const said = (await go.run('create', ...args)).split('\n');
    return said.filter((line) => /^(refused|accepted|twin|error)/.test(line));
  }
  const expected = [
    expect.stringMatching(/^refused .*UserDidNotSignTermsAndConditions/),
    'accepted 1 link hash',
    'twin 7 relay.example',
    expect.stringMatching(/^refused .*TwinWithPubkeyExists/),
  ];

  it.each(['sr25519', 'ed25519'] as const)('creates a twin once it has accepted the terms (%s)', async (key) => {
    expect(await creates(key)).toEqual(expected);
  });

  it.skipIf(!hasLiveMetadata)('does so on a chain by the live network’s metadata', async () => {
    expect(await creates('sr25519', await readMetadataFile(LIVE_METADATA))).toEqual(expected);
  });
});
