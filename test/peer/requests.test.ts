import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../rig/peer/peer.ts';
import { startService } from '../rig/peer/service.ts';

let network: Network;
let caller: PeerRig;
let callee: PeerRig;
const services: AsyncDisposable[] = [];
beforeAll(async () => {
  network = await startNetwork();
  [caller, callee] = await Promise.all([startPeerRig(network, 1), startPeerRig(network, 2)]);
  const echo = (payload: string) => ({ dat: payload, shm: 'application/json' });
  services.push(await startService(callee.redisUrl, 'test.echo', echo));
  services.push(await startService(caller.redisUrl, 'test.echo', echo));
  const failing = () => ({ dat: 'lost', err: { code: 42, message: 'failed on purpose' }, shm: 'text/plain' });
  services.push(await startService(callee.redisUrl, 'test.fail', failing));
});
afterAll(async () => {
  for (const each of [...services, callee, caller, network]) await each[Symbol.asyncDispose]();
});

const now = () => Math.floor(Date.now() / 1000);
const text = (dat: string) => Buffer.from(dat, 'base64').toString();

describe('a request', () => {
  it('gets a reply with all fields in the Rust peer’s order', async () => {
    await caller.request(localRequest({}));
    const entry = (await caller.take('replies')) ?? '';
    expect(Object.keys(JSON.parse(entry))).toEqual(['ver', 'ref', 'dat', 'src', 'shm', 'now', 'err']);
    expect(JSON.parse(entry)).toMatchObject({
      ver: 1,
      ref: 'my-ref',
      dat: 'aGVsbG8=',
      src: '2',
      shm: 'application/json',
      err: null,
    });
  });

  it('reaches the service with all fields in the Rust peer’s order and enc behind them', async () => {
    const at = now();
    await caller.request(localRequest({ cmd: 'test.seen', tag: 'a b', shm: 'x/y', exp: 30, now: at }));
    const entry = JSON.parse((await callee.take('msgbus.test.seen')) ?? '');
    expect(Object.keys(entry)).toEqual(['ver', 'ref', 'src', 'cmd', 'exp', 'dat', 'tag', 'ret', 'shm', 'now', 'enc']);
    expect(entry).toMatchObject({
      ver: 1,
      src: '1',
      cmd: 'test.seen',
      dat: 'aGVsbG8=',
      tag: 'a b',
      ret: 'msgbus.system.reply',
      shm: 'x/y',
    });
    expect(entry.now + entry.exp).toBe(at + 30);
  });

  it('gets the service’s error with its schema and without its payload', async () => {
    await caller.request(localRequest({ cmd: 'test.fail' }));
    const reply = await caller.reply('replies');
    expect(reply).toMatchObject({
      dat: '',
      src: '2',
      shm: 'text/plain',
      err: { code: 42, message: 'failed on purpose' },
    });
  });

  it('is answered by each of its destinations, repeated or not', async () => {
    await caller.request(localRequest({ dst: [2, 1, 2], ref: null }));
    const replies = [await caller.reply('replies'), await caller.reply('replies'), await caller.reply('replies')];
    expect(replies.map(({ src }) => src).sort()).toEqual(['1', '2', '2']);
    expect(replies.map(({ ref }) => ref)).toEqual([null, null, null]);
  });

  it('is answered in order as often as its service likes', async () => {
    await using service = await network.join(6);
    const me = await network.identity(6);
    const parts = Array.from({ length: 5 }, (_, n) => String(n));
    // Ten rounds: once twin and key are cached, the responses arrive closer together.
    for (let round = 0; round < 10; round += 1) {
      await caller.request(localRequest({ dst: [6], cmd: 'test.parts', ret: 'parts' }));
      const { uid } = await service.next();
      const answer = request({ twin: 6 }, { twin: 1 }, { uid, content: { kind: 'response' } });
      const frames = await Promise.all(parts.map((schema) => signEnvelope({ ...answer, schema }, me)));
      for (const frame of frames) service.send(frame);
      const came: unknown[] = [];
      for (const _ of parts) came.push((await caller.reply('parts')).shm);
      expect(came).toEqual(parts);
    }
  });

  it('may have large, empty and extra fields, another version, and any time that counts as now', async () => {
    const large = Buffer.alloc(1_500_000, 7).toString('base64');
    for (const fields of [
      { dat: large },
      { dat: '' },
      { ver: 2, more: { x: 1 } },
      { now: 0 },
      { now: now() + 5000 },
      { exp: 1e9 },
    ]) {
      await caller.request(localRequest(fields));
      expect(await caller.reply('replies')).toMatchObject({ err: null });
    }
    await caller.request(localRequest({ cmd: 'test.long', exp: 1e9 }));
    expect(JSON.parse((await callee.take('msgbus.test.long')) ?? '')).toMatchObject({ exp: 1800 });
  });

  it('for rmb.version is answered by the peer itself', async () => {
    await caller.request(localRequest({ cmd: 'rmb.version' }));
    const reply = await caller.reply('replies');
    expect([JSON.parse(text(reply.dat)), reply.shm]).toEqual([expect.stringContaining('rmb-edge'), 'application/json']);
  });
});

describe('a request that cannot be sent', () => {
  it.each([
    ['an unknown twin', { dst: [999_999] }, { code: 103, message: "unknown twin id '999999'" }],
    ['twin 0', { dst: [0] }, { code: 103, message: "unknown twin id '0'" }],
    ['a time that is over', { now: 1000, exp: 10 }, { code: 102, message: 'request has expired' }],
    ['no time at all', { exp: 0 }, { code: 102, message: 'request has expired' }],
    [
      'no destination',
      { dst: [] },
      { code: 100, message: 'invalid message: dst: must be a list of 1 to 1024 twin ids' },
    ],
    ['broken base64', { dat: '***' }, { code: 101, message: 'invalid payload: dat is not base64' }],
  ])('is refused by the peer: %s', async (_, fields, err) => {
    await caller.request(localRequest(fields));
    expect(await caller.reply('replies')).toEqual({ ver: 1, ref: 'my-ref', dat: '', src: '', shm: null, now: 0, err });
  });

  it.each([
    ['a field missing', { exp: undefined }],
    ['dst a number', { dst: 2 }],
    ['dst of texts', { dst: ['2'] }],
    ['exp below zero', { exp: -1 }],
  ])('is refused in its reply queue: %s', async (_, fields) => {
    await caller.request(localRequest(fields));
    expect((await caller.reply('replies')).err).toMatchObject({
      code: 100,
      message: expect.stringMatching(/^invalid message: (exp|dst)/),
    });
  });

  it('is refused when it is larger than relays take', async () => {
    await caller.request(localRequest({ dat: Buffer.alloc(17 * 2 ** 20).toString('base64') }));
    expect((await caller.reply('replies')).err).toMatchObject({
      code: 101,
      message: expect.stringContaining('relays take 16777216'),
    });
  });

  it('is answered by each destination for itself', async () => {
    await caller.request(localRequest({ dst: [2, 999_999] }));
    const replies = [await caller.reply('replies'), await caller.reply('replies')];
    expect(replies.map(({ err }) => err?.code ?? 0).sort()).toEqual([0, 103]);
  });

  it('does not delay the next one', async () => {
    for (const broken of ['{', '[]', '5', '{"ret":5}', '']) await caller.request(broken);
    await caller.request(localRequest({ ref: 'after' }));
    expect((await caller.reply('replies')).ref).toBe('after');
  });

  it('gets the relay’s error when it must fail fast and the destination is offline', async () => {
    await network.settle(5, `localhost:${network.relay.port}`);
    await caller.request(localRequest({ dst: [5], tag: 'fail-fast' }));
    const reply = await caller.reply('replies');
    expect(reply).toMatchObject({
      ref: 'my-ref',
      dat: '',
      src: '0',
      shm: null,
      err: { code: 0, message: 'destination offline' },
    });
  });

  it('gets the relay’s error once for each offline destination', async () => {
    const offline = [3, 4, 5];
    for (const twin of offline) await network.settle(twin, `localhost:${network.relay.port}`);
    await caller.request(localRequest({ dst: offline, tag: 'fail-fast' }));
    const replies = [await caller.reply('replies'), await caller.reply('replies'), await caller.reply('replies')];
    expect(replies.map(({ src, err }) => [src, err?.message])).toEqual(Array(3).fill(['0', 'destination offline']));
  });
});

describe('a response', () => {
  it('is dropped when it is malformed, late or for nobody, without harm to the next one', async () => {
    const good = { ver: 1, ref: 'x', dat: '', dst: '1', now: now() };
    for (const bad of [
      '{',
      { ...good, dst: 1 },
      { ...good, dst: 'x' },
      { ...good, dat: '*' },
      { ...good, now: now() - 5000 },
      { ...good, dst: '999999' },
    ]) {
      await callee.respond(bad);
    }
    await caller.request(localRequest({ ref: 'still' }));
    expect((await caller.reply('replies')).ref).toBe('still');
  });

  it('may come twice', async () => {
    await caller.request(localRequest({ cmd: 'test.twice' }));
    const { ref, src } = JSON.parse((await callee.take('msgbus.test.twice')) ?? '');
    for (const dat of ['MQ==', 'Mg==']) await callee.respond({ ver: 1, ref, dat, dst: src, now: now() });
    expect([text((await caller.reply('replies')).dat), text((await caller.reply('replies')).dat)]).toEqual(['1', '2']);
  });

  it('is dropped when nobody waits for it', async () => {
    await callee.respond({ ver: 1, ref: 'nobody-waits', dat: '', dst: '1', now: now() });
    await caller.request(localRequest({ ref: 'after' }));
    expect((await caller.reply('replies')).ref).toBe('after');
    expect(caller.logged.map(({ message }) => message)).toContain(
      'dropped a reply: its request is unknown, or has expired',
    );
  });
});
