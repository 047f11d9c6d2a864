import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../local-relay/port.ts';
import { ensureProgram } from './rig/debian.ts';
import { startDurableRedis } from './rig/durable-redis.ts';
import { launchPeer } from './rig/launched-peer.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { localRequest, openPeerRig, startPeerRig } from './rig/peer.ts';
import { untilRedisIsDown, untilRedisIsUp } from './rig/peer-state.ts';
import { openProgram, type Program } from './rig/program.ts';
import { startService } from './rig/service.ts';

const run = promisify(execFile);
let network: Network;
let directory: string;
beforeAll(async () => {
  network = await startNetwork();
  directory = await mkdtemp(join(tmpdir(), 'rmb-tls-'));
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A certificate for 127.0.0.1, signed by itself. */
async function certificate(): Promise<{ key: string; cert: string }> {
  ensureProgram('openssl', 'openssl', 'version');
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ]);
  return { key, cert };
}

it('a peer reaches its Redis by TLS, as an ACL user, in a database of its own', async () => {
  const { key, cert } = await certificate();
  const tlsPort = await freePort();
  const tls = ['--tls-port', String(tlsPort), '--tls-cert-file', cert, '--tls-key-file', key];
  const acl = ['--user', 'peer', 'on', '>pass-word', '~msgbus.*', '~replies', '+@all', '-@dangerous'];
  await using redis = await startDurableRedis([...tls, '--tls-auth-clients', 'no', ...acl]);
  await using callee = await startPeerRig(network, 2);
  await using _ = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
  const urls = {
    redis: `rediss://peer:pass-word@127.0.0.1:${tlsPort}/5`,
    chain: network.chain.wsUrl,
    relay: network.relay.wsUrl,
  };
  const peer = await launchPeer(1, urls, [], { NODE_EXTRA_CA_CERTS: cert });
  try {
    await using program = await openProgram(`${redis.url}/5`);
    await program.ask(localRequest({}));
    expect(await program.reply('replies')).toMatchObject({ src: '2', err: null });
    const elsewhere = createClient({ url: redis.url });
    await elsewhere.connect();
    expect(await elsewhere.dbSize()).toBe(0);
    elsewhere.destroy();
    expect(peer.said.join('\n')).not.toContain('pass-word');
  } finally {
    await peer.stop('SIGTERM');
  }
});

it('a wrong password is named, and tried again: it may be set right in Redis', async () => {
  await using redis = await startDurableRedis(['--requirepass', 'right']);
  const admin = createClient({ url: redis.url.replace('//', '//:right@') });
  await admin.connect();
  await using rig = await openPeerRig(network, 1, { redis: redis.url.replace('//', '//:wrong@') });
  await expect.poll(() => rig.peer.state().redis.detail, { timeout: 20_000 }).toContain('WRONGPASS');
  await admin.configSet('requirepass', 'wrong');
  await rig.peer.ready;
  admin.destroy();
});

/** Takes a right away while answers are on their way, and gives it back. Resolves when each request has its answer. */
async function losesNothing(
  redis: { readonly url: string; readonly admin: string },
  takeAway: (admin: Program['redis']) => Promise<unknown>,
  code: string,
  giveBack: (admin: Program['redis']) => Promise<unknown>,
) {
  await using program = await openProgram(redis.admin);
  await using callee = await startPeerRig(network, 2);
  await using rig = await startPeerRig(network, 1, { redis: redis.url, update: false });
  const ask = (ref: string) => program.ask(localRequest({ ref, cmd: 'test.held' }));
  const answer = async () => {
    const { ref, src } = JSON.parse((await callee.take('msgbus.test.held')) ?? '{}');
    await callee.respond({ ver: 1, ref, dst: src, dat: '', now: 0 });
  };
  const refs = Array.from({ length: 6 }, (_, n) => `request ${n}`);
  for (const ref of refs.slice(0, 3)) await ask(ref);
  // Its answer comes; the others' find the right gone.
  await answer();
  await program.reply('replies');
  await takeAway(program.redis);
  await untilRedisIsDown(rig, code);
  for (const ref of refs.slice(3)) await ask(ref);
  for (const _ of refs.slice(1, 3)) await answer();
  await expect.poll(() => callee.counted.get('response-sent'), { timeout: 20_000 }).toBe(3);
  await giveBack(program.redis);
  await untilRedisIsUp(rig);
  for (const _ of refs.slice(3)) await answer();
  const replies: unknown[] = [];
  while (replies.length < refs.length - 1) replies.push(await program.reply('replies'));
  expect(replies).toEqual(replies.map(() => expect.objectContaining({ src: '2', err: null })));
  expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(replies.length);
  expect(await program.redis.lLen('replies')).toBe(0);
  expect(rig.logged.filter(({ level }) => level === 'error')).toEqual([]);
}

it('a password that is taken away and given back loses no request and no answer', async () => {
  await using redis = await startDurableRedis(['--requirepass', 'right']);
  const url = redis.url.replace('//', '//:right@');
  const takeAway = async (admin: Program['redis']) => {
    await admin.configSet('requirepass', 'another');
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal']);
  };
  await losesNothing({ url, admin: url }, takeAway, 'WRONGPASS', (admin) => admin.configSet('requirepass', 'right'));
});

it.each([
  ['keys', ['resetkeys', '~replies'], ['~msgbus.*']],
  ['commands', ['-@all'], ['+@all', '-@dangerous']],
])(
  'rights to the peer’s own %s that are taken away and given back lose no request and no answer',
  async (_, less, more) => {
    const acl = ['--user', 'peer', 'on', '>pass-word', '~msgbus.*', '~replies', '+@all', '-@dangerous'];
    await using redis = await startDurableRedis(acl);
    const change = (rules: readonly string[]) => (admin: Program['redis']) =>
      admin.sendCommand(['ACL', 'SETUSER', 'peer', ...rules]);
    const urls = { url: redis.url.replace('//', '//peer:pass-word@'), admin: redis.url };
    await losesNothing(urls, change(less), 'NOPERM', change(more));
  },
);

it('a list that the ACL forbids holds up nothing: what was for it is given up, what nobody can read put aside', async () => {
  const acl = ['--user', 'peer', 'on', '>pass-word', '~msgbus.*', '~replies', '+@all', '-@dangerous'];
  await using redis = await startDurableRedis(acl);
  await using peer = await startPeerRig(network, 1, { redis: redis.url.replace('//', '//peer:pass-word@') });
  await using program = await openProgram(redis.url);
  await program.ask(localRequest({ dst: [999_999], ret: 'forbidden' }));
  await program.ask(localRequest({ dst: [999_999, 0], ret: 'forbidden' }));
  await program.ask(localRequest({ dat: '***', ret: 'forbidden' }));
  await program.ask(localRequest({ dst: [999_999] }));
  expect(await program.reply('replies')).toMatchObject({ err: { code: 103 } });
  await expect.poll(() => program.redis.lLen('msgbus.system.malformed'), { timeout: 20_000 }).toBe(1);
  await expect.poll(() => program.redis.exists('msgbus.system.v2.local.claimed'), { timeout: 20_000 }).toBe(0);
  expect(await program.redis.exists('forbidden')).toBe(0);
  const message = "gave up a reply: Redis forbids this peer the key 'forbidden': allow it in the ACL";
  expect(peer.logged.filter((line) => line.message === message)).toHaveLength(3);
});

it('what Redis refuses for good is said once, shown as not up, and tried again', async () => {
  await using redis = await startDurableRedis();
  await using program = await openProgram(redis.url);
  await program.redis.set('msgbus.system.v2.local.claimed', 'no hash');
  await using rig = await openPeerRig(network, 1, { redis: redis.url });
  await expect.poll(() => rig.peer.state().redis.detail, { timeout: 20_000 }).toContain('WRONGTYPE');
  expect(rig.peer.state().redis.isUp).toBe(false);
  const warned = () => rig.logged.filter(({ message }) => message.startsWith('Redis: not ready'));
  expect(warned()).toHaveLength(1);
  await rig.respond({ ver: 1, ref: 'r', dat: '*', dst: '2', now: 0 });
  await expect.poll(() => rig.counted.get('entry-malformed'), { timeout: 20_000 }).toBe(1);
  await program.redis.del('msgbus.system.v2.local.claimed');
  await rig.request(localRequest({ dst: [999_999] }));
  expect((await rig.reply('replies')).err?.code).toBe(103);
  await expect.poll(() => rig.peer.state().redis, { timeout: 20_000 }).toEqual({ isUp: true, detail: '' });
  expect(warned()).toHaveLength(1);
});

it('a Redis that is too old is shown as not up', async () => {
  await using redis = await startDurableRedis(['--rename-command', 'BLMOVE', '']);
  await using rig = await openPeerRig(network, 1, { redis: redis.url });
  await expect.poll(() => rig.peer.state().redis.detail, { timeout: 20_000 }).toContain('does not know a command');
  const { isUp, detail } = rig.peer.state().redis;
  expect([isUp, detail]).toEqual([false, expect.stringContaining('waiting for msgbus.system.')]);
});
