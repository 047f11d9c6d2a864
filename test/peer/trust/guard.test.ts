import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '../../../local-peer/redis/connection/connection.ts';
import { RedisPrograms } from '../../../local-peer/redis/programs.ts';
import { signEnvelope } from '../../../proto/crypto/signature.ts';
import type { Envelope } from '../../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import type { Client } from '../../rig/clients/client.ts';
import { request } from '../../rig/envelopes/envelopes.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { openProgram, type Program } from '../../rig/redis/program.ts';
import { startRedis } from '../../rig/redis/redis.ts';
import { until } from '../../rig/until.ts';

/** A peer refuses some requests of twins although their signature is good. */

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('queues from which no service has taken anything', () => {
  const entry = {
    uid: 'u',
    source: '7',
    expiration: 60,
    data: new Uint8Array(0),
    tags: null,
    schema: null,
    now: 0,
    isEncrypted: false,
  };
  const rig = async () => {
    const stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const connection = stack.adopt(new RedisConnection(redis.url, silent, () => undefined), (each) => each.close());
    const programs = new RedisPrograms(connection);
    const beside = stack.use(await openProgram(redis.url));
    let nth = 0;
    const deliver = async (command: string, twin = 7, bytes = 0, seconds = 60) => {
      nth += 1;
      const request = { ...entry, command, data: new Uint8Array(bytes) };
      const given = await programs.give(request, twin, [`n${nth}`], seconds);
      return typeof given === 'string' ? given : given.reason;
    };
    return { beside, deliver, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  };

  it('are at most 100 of one twin and 1,000 of all', async () => {
    await using place = await rig();
    const { beside, deliver } = place;
    for (let twin = 1; twin <= 10; twin += 1) {
      for (let n = 0; n < 100; n += 1) expect(await deliver(`c${twin}.${n}`, twin)).toBe('delivered');
      expect(await deliver(`c${twin}.more`, twin)).toBe('never-served');
    }
    const before = await beside.redis.dbSize();
    expect(await deliver('one.more', 11)).toBe('never-served');
    expect(await beside.redis.dbSize()).toBe(before);
    // A queue that is there takes more of its twin.
    expect(await deliver('c1.0', 1)).toBe('delivered');
  });

  it('hold at most 64 MiB, a tenth of it from one twin', async () => {
    await using place = await rig();
    const { deliver } = place;
    const verdicts: string[] = [];
    for (let n = 0; n < 10; n += 1) verdicts.push(await deliver(`c${n}`, 7, 2 ** 20));
    expect(verdicts).toEqual([...Array(4).fill('delivered'), ...Array(6).fill('never-served')]);
    // A single request may exceed a tenth: the first one for a service that waits.
    for (let twin = 10; twin < 13; twin += 1) {
      expect(await deliver(`large${twin}`, twin, 14 * 2 ** 20)).toBe('delivered');
    }
    expect(await deliver('large13', 13, 14 * 2 ** 20)).toBe('never-served');
  });

  it('are not counted once a service has taken a request or they expire', async () => {
    await using place = await rig();
    const { beside, deliver } = place;
    for (let n = 0; n < 100; n += 1) await deliver(`c${n}`);
    expect(await deliver('new')).toBe('never-served');
    await beside.redis.rPop('msgbus.c0');
    expect(await deliver('new')).toBe('delivered');
    expect(await deliver('newer')).toBe('never-served');
    // A command of which a service took a request may have any number from now on.
    await deliver('c1');
    await beside.redis.rPop('msgbus.c1');
    for (let n = 0; n < 20; n += 1) expect(await deliver('c1', 7, 2 ** 20)).toBe('delivered');
  });

  it('deliver each request once when their counts are deleted', async () => {
    await using place = await rig();
    const { beside, deliver } = place;
    await deliver('a');
    await beside.redis.del(await beside.redis.keys('msgbus.system.v2.*'));
    expect(await deliver('a')).toBe('delivered');
    expect(await beside.redis.lLen('msgbus.a')).toBe(2);
  });
});

describe('a peer', () => {
  let network: Network;
  let callee: PeerRig;
  let beside: Program;
  let caller: Client;
  beforeAll(async () => {
    network = await startNetwork();
    const admission = {
      allow: new Set([6]),
      allowFor: new Map([['wallet.pay', new Set([7])]]),
      served: new Set(['wallet.pay', 'my.cmd', 'my.replies']),
      requireCipher: true,
    };
    [callee, caller] = await Promise.all([startPeerRig(network, 2, { admission }), network.join(6)]);
    beside = await openProgram(callee.redisUrl);
  });
  afterAll(async () => {
    for (const each of [beside, caller, callee, network]) await each[Symbol.asyncDispose]();
  });

  const ask = async (command: string, fields: Partial<Envelope> = {}) => {
    const asked = request({ twin: 6 }, { twin: 2 }, { content: { kind: 'request', command }, ...fields });
    caller.send(await signEnvelope(asked, await network.identity(6)));
  };
  const errorOf = async (command: string) => {
    await ask(command);
    const { content } = await caller.next();
    return content?.kind === 'error' ? content : undefined;
  };

  it('refuses a twin that is not on the list of a command', async () => {
    expect(await errorOf('wallet.pay')).toMatchObject({
      code: 100,
      message: "twin 6 may not call 'wallet.pay' here",
    });
    expect(await beside.redis.exists('msgbus.wallet.pay')).toBe(0);
    expect(callee.details.get('command-refused not-allowed')).toBe(1);
  });

  it('answers that a command is not on the list of commands', async () => {
    expect(await errorOf('my.other')).toMatchObject({
      code: 500,
      message: "'my.other' is not served here: it is not in this peer's list of commands",
    });
    expect(callee.details.get('command-refused not-served')).toBe(1);
  });

  it('answers that no further request can wait for commands that nobody serves', async () => {
    await using open = await startPeerRig(network, 4);
    await using session = await network.join(6, 'flood');
    const me = await network.identity(6);
    for (let n = 0; n <= 100; n += 1) {
      const content = { kind: 'request', command: `flood.${n}` } as const;
      session.send(await signEnvelope(request({ twin: 6, connection: 'flood' }, { twin: 4 }, { content }), me));
    }
    expect((await session.next()).content).toMatchObject({
      kind: 'error',
      code: 500,
      message: expect.stringContaining("no service has taken a request for 'flood.100' yet"),
    });
    expect(open.details.get('command-refused never-served')).toBe(1);
  });

  it('marks in the entry whether a request was encrypted', async () => {
    await ask('my.cmd');
    expect(JSON.parse((await callee.take('msgbus.my.cmd')) ?? '')).toMatchObject({ src: '6', enc: false });
  });

  it('refuses a plain request of a twin with a key on chain when it requires encryption', async () => {
    await using other = await startPeerRig(network, 3, { admission: { requireCipher: true } });
    await using sender = await startPeerRig(network, 1);
    const areOnChain = () => [other, sender].every(({ peer }) => peer.state().onChain?.isUp);
    await until('the twins on chain', areOnChain);
    await sender.request(localRequest({ dst: [3], cmd: 'my.sealed' }));
    expect(JSON.parse((await other.take('msgbus.my.sealed')) ?? '')).toMatchObject({ src: '1', enc: true });
    // A session with the secret of twin 1 that does not encrypt.
    await using bare = await network.join(1, 'bare');
    const asked = request({ twin: 1, connection: 'bare' }, { twin: 3 });
    bare.send(await signEnvelope(asked, await network.identity(1)));
    const { content } = await bare.next();
    expect(content).toMatchObject({ kind: 'error', code: 106, message: expect.stringContaining('only encrypted') });
    expect(other.details.get('command-refused plain')).toBe(1);
  });

  it('keeps requests of other twins out of a list in which a program waits for its replies', async () => {
    await callee.request(localRequest({ dst: [999_999], ret: 'msgbus.my.replies' }));
    expect(await callee.reply('msgbus.my.replies')).toMatchObject({ err: { code: 103 } });
    expect(await errorOf('my.replies')).toMatchObject({ code: 100, message: expect.stringContaining('is no service') });
    expect(await beside.redis.exists('msgbus.my.replies')).toBe(0);
  });

  it('puts aside a request whose ret is a list of the peer itself', async () => {
    await callee.request(localRequest({ ret: 'msgbus.system.reply', ref: 'own' }));
    const aside = async () => (await beside.redis.lRange('msgbus.system.malformed', 0, -1)).join();
    await until('the entry that was put aside', async () =>
      (await aside())?.includes("ret: must not be a list of the peer's own"),
    );
    expect(callee.details.get('entry-malformed request')).toBe(1);
  });

  it('answers rmb.version to a twin that may call nothing else', async () => {
    await using stranger = await network.join(5, 'bare');
    const asked = request(
      { twin: 5, connection: 'bare' },
      { twin: 2 },
      { content: { kind: 'request', command: 'rmb.version' } },
    );
    stranger.send(await signEnvelope(asked, await network.identity(5)));
    expect((await stranger.next()).content).toEqual({ kind: 'response' });
  });
});
