import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../client/node.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { type PackedPeer, packPeer } from '../../rig/peer/packed-peer.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startRedis } from '../../rig/redis/redis.ts';

/** Plugins, as users of the package write them: docs/peer.md, “Plugins”. */

const run = promisify(execFile);
const FENCE = /^```ts hello\n([\s\S]*?)^```/m;

let packed: PackedPeer;
let network: Network;
beforeAll(async () => {
  packed = await packPeer();
  network = await startNetwork();
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await packed[Symbol.asyncDispose]();
});

/** The plugin of the page. */
async function documented(): Promise<string> {
  const [, text] = FENCE.exec(await readFile('docs/peer.md', 'utf8')) ?? [];
  if (text === undefined) throw new Error('docs/peer.md has no block "ts hello"');
  return text;
}

describe('the plugin of docs/peer.md', () => {
  it('is checked by the types of the installed package', async () => {
    const source = join(packed.folder, 'hello.ts');
    await writeFile(source, await documented());
    const tsc = resolve('node_modules/.bin/tsc');
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', '', 'hello.ts'];
    await run(tsc, flags, { cwd: packed.folder });
    await writeFile(source, (await documented()).replace('data: text(', 'dat: text('));
    await expect(run(tsc, flags, { cwd: packed.folder })).rejects.toMatchObject({
      stdout: expect.stringContaining('error TS'),
    });
  });

  it('serves other twins inside the installed peer', async () => {
    const javascript = (await documented())
      .replace(/import type .*\n/, '')
      .replace(': Plugin', '')
      .replace('words: string', 'words');
    await writeFile(join(packed.folder, 'hello.mjs'), javascript);
    await using redis = await startRedis();
    const [twin, caller] = [DEV_TWINS[2], DEV_TWINS[3]];
    if (twin === undefined || caller === undefined) throw new Error('two development twins are needed');
    const { relay, chain } = network;
    const args = ['-r', redis.url, '-s', chain.wsUrl, '--relay', relay.wsUrl, '--no-update', '--plugin', 'hello.mjs'];
    const env = { RMB_MNEMONIC: twin.secret };
    await using peer = await startPeerProcess({ command: packed.command, args, env, cwd: packed.folder });
    await peer.ready();
    await using bus = await connect({ ...caller, relays: [relay.wsUrl], chain: [chain.wsUrl], sid: 'caller' });
    const { data, schema } = await bus.request(twin.id, 'hello.world', '');
    expect([new TextDecoder().decode(data), schema]).toEqual([`hello ${caller.id}:caller`, 'text/plain']);
    expect((await bus.ping(twin.id, { timeout: 30_000 })).version).toMatch(/^"rmb-edge \d/);
  });
});
