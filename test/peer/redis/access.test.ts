import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { ensureProgram } from '../../rig/clients/debian.ts';
import { asTwin } from '../../rig/peer/command.ts';
import { localRequest, startPeerRig } from '../../rig/peer/peer.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { untilRedisIsDown, untilRedisIsUp } from '../../rig/peer/peer-state.ts';
import { startService } from '../../rig/peer/service.ts';
import { openProgram, type Program, settled } from '../../rig/redis/program.ts';
import { startRedisServer } from '../../rig/redis/redis.ts';
import { until } from '../../rig/until.ts';

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
  await using redis = await startRedisServer({ flags: [...tls, '--tls-auth-clients', 'no', ...acl] });
  await using callee = await startPeerRig(network, 2);
  await using _ = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
  const env = asTwin(network, 1, `rediss://peer:pass-word@127.0.0.1:${tlsPort}/5`);
  await using peer = startPeerProcess({ env: { ...env, NODE_EXTRA_CA_CERTS: cert } });
  await peer.ready();
  await using program = await openProgram(`${redis.url}/5`);
  await program.ask(localRequest({}));
  expect(await program.reply('replies')).toMatchObject({ src: '2', err: null });
  const elsewhere = createClient({ url: redis.url });
  await elsewhere.connect();
  expect(await elsewhere.dbSize()).toBe(0);
  elsewhere.destroy();
  expect(peer.output()).not.toContain('pass-word');
  await peer.stop('SIGTERM');
});

it('a peer names a wrong password and retries until Redis accepts it', async () => {
  await using redis = await startRedisServer({ flags: ['--requirepass', 'right'] });
  const admin = createClient({ url: redis.url.replace('//', '//:right@') });
  await admin.connect();
  await using rig = await startPeerRig(network, 1, { redis: redis.url.replace('//', '//:wrong@'), awaitsReady: false });
  await untilRedisIsDown(rig, 'WRONGPASS', 'refuses this user or password');
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
  // This reply arrives; the others find the right revoked.
  await answer();
  await program.reply('replies');
  await takeAway(program.redis);
  await untilRedisIsDown(rig, code);
  for (const ref of refs.slice(3)) await ask(ref);
  for (const _ of refs.slice(1, 3)) await answer();
  await until('three responses to be sent', () => callee.counted.get('response-sent') === 3);
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

it('a password that is revoked and restored loses no request and no answer', async () => {
  await using redis = await startRedisServer({ flags: ['--requirepass', 'right'] });
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
])('rights to the peer’s own %s that are revoked and restored lose no request and no answer', async (_, less, more) => {
  const acl = ['--user', 'peer', 'on', '>pass-word', '~msgbus.*', '~replies', '+@all', '-@dangerous'];
  await using redis = await startRedisServer({ flags: acl });
  const change = (rules: readonly string[]) => (admin: Program['redis']) =>
    admin.sendCommand(['ACL', 'SETUSER', 'peer', ...rules]);
  const urls = { url: redis.url.replace('//', '//peer:pass-word@'), admin: redis.url };
  await losesNothing(urls, change(less), 'NOPERM', change(more));
});

it('a list that the ACL forbids does not delay other replies', async () => {
  const acl = ['--user', 'peer', 'on', '>pass-word', '~msgbus.*', '~replies', '+@all', '-@dangerous'];
  await using redis = await startRedisServer({ flags: acl });
  await using peer = await startPeerRig(network, 1, { redis: redis.url.replace('//', '//peer:pass-word@') });
  await using program = await openProgram(redis.url);
  await program.ask(localRequest({ dst: [999_999], ret: 'forbidden' }));
  await program.ask(localRequest({ dst: [999_999, 0], ret: 'forbidden' }));
  await program.ask(localRequest({ dat: '***', ret: 'forbidden' }));
  await program.ask(localRequest({ dst: [999_999] }));
  expect(await program.reply('replies')).toMatchObject({ err: { code: 103 } });
  await until('the malformed entry', async () => (await program.redis.lLen('msgbus.system.malformed')) === 1);
  await settled(program);
  expect(await program.redis.exists('forbidden')).toBe(0);
  const message = "gave up a reply: Redis forbids this peer the key 'forbidden': allow it in the ACL";
  expect(peer.logged.filter((line) => line.message === message)).toHaveLength(3);
});

it('a peer logs once what Redis refuses for good, and retries', async () => {
  await using redis = await startRedisServer();
  await using program = await openProgram(redis.url);
  await program.redis.set('msgbus.system.v2.local.claimed', 'no hash');
  await using rig = await startPeerRig(network, 1, { redis: redis.url, awaitsReady: false });
  await untilRedisIsDown(rig, 'WRONGTYPE');
  expect(rig.peer.state().redis.isUp).toBe(false);
  const warned = () => rig.logged.filter(({ message }) => message.startsWith('Redis: not ready'));
  expect(warned()).toHaveLength(1);
  await rig.respond({ ver: 1, ref: 'r', dat: '*', dst: '2', now: 0 });
  await until('the malformed entry', () => rig.counted.get('entry-malformed') === 1);
  await program.redis.del('msgbus.system.v2.local.claimed');
  await rig.request(localRequest({ dst: [999_999] }));
  expect((await rig.reply('replies')).err?.code).toBe(103);
  await untilRedisIsUp(rig);
  expect(rig.peer.state().redis).toEqual({ isUp: true, detail: '' });
  expect(warned()).toHaveLength(1);
});

it('a peer reports a Redis that is too old as not up', async () => {
  await using redis = await startRedisServer({ flags: ['--rename-command', 'BLMOVE', ''] });
  await using rig = await startPeerRig(network, 1, { redis: redis.url, awaitsReady: false });
  await untilRedisIsDown(rig, 'does not know a command');
  const { isUp, detail } = rig.peer.state().redis;
  expect([isUp, detail]).toEqual([false, expect.stringContaining('waiting for msgbus.system.')]);
});
