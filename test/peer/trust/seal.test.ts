import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import packaged from '../../../local-peer/package.json' with { type: 'json' };
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import type { Identity } from '../../../proto/identity.ts';
import { addSeal, checkSeal, SEAL_MARK, splitSeal } from '../../../proto/seal/seal.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import type { Client } from '../../rig/clients/client.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { nextOf } from '../../rig/envelopes/recorded.ts';
import { asTwin, runCommand, startCommand } from '../../rig/peer/command.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { startService } from '../../rig/peer/service.ts';
import { startRedis } from '../../rig/redis/redis.ts';

/** A peer of twin 2 without a key on chain: all that it signs is in plain text. */
let network: Network;
let peer: PeerRig;
let client: Client;
let me: Identity;
beforeAll(async () => {
  network = await startNetwork();
  peer = await startPeerRig(network, 2, { update: false });
  me = await network.identity(6);
  client = await network.join(6);
});
afterAll(async () => {
  for (const each of [client, peer, network]) await each[Symbol.asyncDispose]();
});

const SEALED = { ok: true, value: 'sealed' };
const entry = z.looseObject({ ref: z.string(), src: z.string(), tag: z.string().nullable() });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const answerTo = async ({ uid, tags }: Envelope, fields: Partial<Envelope>) => {
  const copied = tags === undefined ? {} : { tags };
  client.send(await signEnvelope(request({ twin: 6 }, { twin: 2 }, { uid, ...copied, ...fields }), me));
};
const failed = { content: { kind: 'error', code: 500, message: 'no space' } } as const;

describe('a request of a program', () => {
  it('leaves with one seal behind its own tags', async () => {
    const old = `${SEAL_MARK}${'A'.repeat(43)}`;
    for (const [tag, left] of [
      [undefined, undefined],
      ['fail-fast', 'fail-fast'],
      [`one,${old}`, 'one'],
      ['x'.repeat(970), 'x'.repeat(970)],
    ]) {
      await peer.request(localRequest({ dst: [6], tag }));
      const asked = await client.next();
      expect([checkSeal(asked), splitSeal(asked.tags)?.tags]).toEqual([SEALED, left]);
    }
  });

  it.each([
    ['in its payload', { dat: base64(`a ${SEAL_MARK} b`) }],
    ['in its command', { cmd: `my.${SEAL_MARK}` }],
    ['in its schema', { shm: SEAL_MARK }],
    ['in its tags', { tag: `${SEAL_MARK}x` }],
    ['across schema and payload', { shm: 'rmb.se', dat: base64('al2=') }],
  ])('gets error 100 when it holds the mark of a seal %s', async (_, fields) => {
    await peer.request(localRequest({ dst: [6], ...fields }));
    const { err } = await peer.reply('replies');
    expect(err).toMatchObject({ code: 100, message: expect.stringContaining('holds the mark of a seal') });
    expect(err?.message).not.toContain(SEAL_MARK);
  });

  it('gets error 100 when its tags have more than 970 characters', async () => {
    await peer.request(localRequest({ dst: [6], tag: 'x'.repeat(971) }));
    const { err } = await peer.reply('replies');
    expect(err).toEqual({ code: 100, message: 'invalid message: it has more than 970 characters of tags' });
  });
});

describe('an error reply that copies our tags, as Rust peers do', () => {
  it('arrives from each twin that was asked', async () => {
    await using other = await network.join(4);
    const four = await network.identity(4);
    await peer.request(localRequest({ dst: [6, 4] }));
    await answerTo(await client.next(), failed);
    const { uid, tags = '' } = await other.next();
    other.send(await signEnvelope(request({ twin: 4 }, { twin: 2 }, { uid, tags, ...failed }), four));
    const replies = [await peer.reply('replies'), await peer.reply('replies')];
    expect(replies.map(({ src }) => src).sort()).toEqual(['4', '6']);
    for (const { err } of replies) expect(err).toEqual({ code: 500, message: 'no space' });
  });

  it('arrives after a restart of the peer, because Redis keeps the seals', async () => {
    await using redis = await startRedis();
    const options = { update: false, redis: redis.url };
    await using first = await startPeerRig(network, 3, options);
    await first.request(localRequest({ dst: [6], ret: 'later' }));
    const asked = await client.next();
    await first[Symbol.asyncDispose]();
    await using second = await startPeerRig(network, 3, options);
    const copied = request({ twin: 6 }, { twin: 3 }, { uid: asked.uid, tags: asked.tags ?? '', ...failed });
    client.send(await signEnvelope(copied, me));
    expect((await second.reply('later')).err).toEqual({ code: 500, message: 'no space' });
  });

  it('is dropped when its seal is that of another envelope', async () => {
    await peer.request(localRequest({ dst: [6] }));
    const asked = await client.next();
    await answerTo(asked, { ...failed, tags: `${SEAL_MARK}${'A'.repeat(43)}` });
    await answerTo(asked, { content: { kind: 'response' } });
    expect((await peer.reply('replies')).err).toBeNull();
    expect(peer.logged.map(({ message }) => message)).toContain(
      'dropped a reply: invalid envelope signature: the seal is that of another envelope',
    );
  });
});

describe('a request of another twin', () => {
  it.each([
    [undefined, null],
    ['one,two', 'one,two'],
  ])('reaches its service without the seal (tags %s)', async (tags, tag) => {
    const sealed = addSeal(request({ twin: 6 }, { twin: 2 }, tags === undefined ? {} : { tags }));
    if (!sealed.ok) throw new Error(sealed.error.reason);
    client.send(await signEnvelope(sealed.value, me));
    expect(entry.parse(JSON.parse((await peer.take('msgbus.test.echo')) ?? '')).tag).toBe(tag);
  });

  it.each([
    ['response', { dat: base64(SEAL_MARK) }],
    ['error', { dat: '', err: { code: 7, message: `no ${SEAL_MARK}` } }],
  ])('gets error 100 when the %s of its service holds the mark of a seal', async (_, fields) => {
    const asked = request({ twin: 6 }, { twin: 2 }, { content: { kind: 'request', command: 'test.mark' } });
    client.send(await signEnvelope(asked, me));
    const { ref, src: dst } = entry.parse(JSON.parse((await peer.take('msgbus.test.mark')) ?? ''));
    const before = peer.counted.get('response-failed') ?? 0;
    await peer.respond({ ver: 1, ref, dst, now: Math.floor(Date.now() / 1000), ...fields });
    const answer = await client.next();
    expect(answer).toMatchObject({ uid: asked.uid, content: { kind: 'error', code: 100 } });
    expect([checkSeal(answer), answer.payload?.bytes.length ?? 0]).toEqual([SEALED, 0]);
    expect(peer.counted.get('response-failed')).toBe(before + 1);
  });
});

it('a bare session gets plausible, sealed requests, responses and errors of our peer', async () => {
  const sender = { client: 'rmb-edge-peer', version: packaged.version, seal: 'sealed' } as const;
  await peer.request(localRequest({ dst: [6] }));
  expect((await nextOf(client, sender)).content?.kind).toBe('request');
  const sum = { dat: '3', shm: 'application/json' };
  await using _ = await startService(peer.redisUrl, 'test.add', () => sum);
  await using __ = await startService(peer.redisUrl, 'test.fail', () => ({ err: { code: 42, message: 'no luck' } }));
  for (const [command, kind] of [
    ['test.add', 'response'],
    ['test.fail', 'error'],
  ] as const) {
    const asked = request({ twin: 6 }, { twin: 2 }, { content: { kind: 'request', command } });
    client.send(await signEnvelope(asked, me));
    expect((await nextOf(client, sender)).content?.kind).toBe(kind);
  }
});

describe('commands', () => {
  it('seal what they send and hide the seal from programs', async () => {
    const args = ['serve', 'my.tags', '--sid', 'tags', '--', 'sh', '-c', 'printf "%s" "$RMB_TAGS"'];
    await using service = startCommand(args, asTwin(network, 5));
    await service.said('serving');
    const asked = request(
      { twin: 6 },
      { twin: 5, connection: 'tags' },
      { content: { kind: 'request', command: 'my.tags' } },
    );
    const sealed = addSeal({ ...asked, tags: 'one' });
    if (!sealed.ok) throw new Error(sealed.error.reason);
    client.send(await signEnvelope(sealed.value, me));
    const answer = await client.next();
    expect([checkSeal(answer), Buffer.from(answer.payload?.bytes ?? []).toString()]).toEqual([SEALED, 'one']);
    const calling = runCommand(['call', '6', 'x', '--data', '1'], asTwin(network, 5));
    const called = await client.next();
    expect(checkSeal(called)).toEqual(SEALED);
    const { uid, tags = '', source } = called;
    client.send(await signEnvelope(request({ twin: 6 }, source, { uid, tags, ...failed }), me));
    expect((await calling).stderr).toContain('twin 6 answered with error 500: no space');
  });

  it('refuse to send the mark of a seal', async () => {
    const call = await runCommand(['call', '6', 'x', '--data', SEAL_MARK], asTwin(network, 5));
    expect(call).toMatchObject({ code: 1, stderr: expect.stringContaining('holds the mark of a seal') });
    const args = ['serve', 'my.mark', '--sid', 'mark', '--', 'printf', SEAL_MARK];
    await using service = startCommand(args, asTwin(network, 5));
    await service.said('serving');
    const asked = request(
      { twin: 6 },
      { twin: 5, connection: 'mark' },
      { content: { kind: 'request', command: 'my.mark' } },
    );
    client.send(await signEnvelope(asked, me));
    expect((await client.next()).content).toMatchObject({ kind: 'error', code: 100 });
  });
});

it('a request and its response between our peers are sealed', async () => {
  await using _ = await startService(peer.redisUrl, 'test.upper', (text, { tag }) => ({
    dat: `${text} ${tag ?? 'none'}`,
  }));
  await using caller = await startPeerRig(network, 1, { update: false });
  await caller.request(localRequest({ cmd: 'test.upper', tag: 'mine' }));
  expect(Buffer.from((await caller.reply('replies')).dat, 'base64').toString()).toBe('hello mine');
});
