import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUES } from '../../../local-peer/redis/queues.ts';
import { freePort } from '../../../tools/local-relay/port.ts';
import { type Network, startNetwork } from '../../rig/chain/network.ts';
import { within } from '../../rig/clients/client.ts';
import { asTwin } from '../../rig/peer/command.ts';
import { localRequest, type PeerRig, startPeerRig } from '../../rig/peer/peer.ts';
import { startPeerProcess } from '../../rig/peer/peer-process.ts';
import { startService } from '../../rig/peer/service.ts';
import { openProgram } from '../../rig/redis/program.ts';
import { startRedis, startRedisServer } from '../../rig/redis/redis.ts';
import { until } from '../../rig/until.ts';

/** The peer at the edges of its machine: a reader of its output that left, a Redis at an IPv6 address, a relay that takes less. */

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

const envFor = (redisUrl: string) => ({ ...asTwin(network, 1, redisUrl), RMB_STATUS: '0' });

describe('a peer whose output nobody reads any more', () => {
  it('answers its programs and stops with 0', async () => {
    await using redis = await startRedis();
    await using program = await openProgram(redis.url);
    const status = await freePort();
    await using peer = startPeerProcess({ env: { ...envFor(redis.url), RMB_STATUS: String(status) } });
    peer.stopReading('stdout', 'stderr');
    await until('the peer to be ready', async () => {
      const answer = await fetch(`http://127.0.0.1:${status}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    });
    for (const ref of ['first', 'second']) {
      // A refused entry is logged; the one behind it is answered only by a peer that survived that.
      await program.redis.lPush(QUEUES.requests, '{');
      await program.redis.lPush(QUEUES.requests, JSON.stringify(localRequest({ ref, dst: [999_999] })));
      expect(await program.reply('replies')).toMatchObject({ ref, err: { code: 103 } });
    }
    peer.signal('SIGTERM');
    expect(await within(peer.ended, 'the end of the peer')).toBe(0);
  });
});

describe.runIf(hasIpv6)('a Redis at an IPv6 address', () => {
  it('serves the peer', async () => {
    await using redis = await startRedisServer({ host: '::1' });
    await using peer = startPeerProcess({ env: envFor(redis.url) });
    expect(await peer.ready()).toContain(`redis ${new URL(redis.url).host}`);
  });
});

describe('a relay that takes less than the peer sends', () => {
  const LIMIT = 100_000;
  const large = Buffer.alloc(200_000, 7).toString('base64');
  let small: Network;
  let caller: PeerRig;
  let callee: PeerRig;
  beforeAll(async () => {
    small = await startNetwork({ MAX_ENVELOPE_BYTES: String(LIMIT) });
    [caller, callee] = await Promise.all([startPeerRig(small, 1), startPeerRig(small, 2)]);
  });
  afterAll(async () => {
    for (const each of [caller, callee, small]) await each[Symbol.asyncDispose]();
  });
  const refusal = {
    code: 101,
    message: expect.stringMatching(
      /^invalid payload: the message has 2\d{5} bytes, its relay takes 100000: send it in parts$/,
    ),
  };

  it('answers a program whose request is too large with both sizes', async () => {
    await using _ = await startService(callee.redisUrl, 'test.echo', (payload) => ({ dat: payload }));
    await caller.request(localRequest({ ref: 'large', dat: large }));
    expect(await caller.reply('replies')).toMatchObject({ ref: 'large', err: refusal });
    await caller.request(localRequest({ ref: 'small' }));
    expect(await caller.reply('replies')).toMatchObject({ ref: 'small', err: null });
  });

  it('answers a caller whose response is too large with both sizes', async () => {
    await using _ = await startService(callee.redisUrl, 'test.large', () => ({ dat: large }));
    await caller.request(localRequest({ ref: 'asked', cmd: 'test.large' }));
    expect(await caller.reply('replies')).toMatchObject({ ref: 'asked', src: '2', err: refusal });
  });

  it('closes the connection only for the first message that is too large', async () => {
    await using asking = await startPeerRig(small, 3);
    await using answering = await startPeerRig(small, 4);
    await using _ = await startService(answering.redisUrl, 'test.large', () => ({ dat: large }));
    for (const ref of ['first', 'second']) {
      await asking.request(localRequest({ ref, dst: [4], dat: large }));
      expect(await asking.reply('replies')).toMatchObject({ ref, src: '', err: refusal });
    }
    expect(asking.counted.get('relay-lost')).toBe(1);
    for (const ref of ['third', 'fourth']) {
      await asking.request(localRequest({ ref, dst: [4], cmd: 'test.large' }));
      expect(await asking.reply('replies')).toMatchObject({ ref, src: '4', err: refusal });
    }
    expect([asking.counted.get('relay-lost'), answering.counted.get('relay-lost')]).toEqual([1, 1]);
  });

  it('answers a caller whose response is larger than any relay takes', async () => {
    const huge = Buffer.alloc(17 * 2 ** 20).toString('base64');
    await using _ = await startService(callee.redisUrl, 'test.huge', () => ({ dat: huge }));
    await caller.request(localRequest({ ref: 'huge', cmd: 'test.huge' }));
    expect(await caller.reply('replies')).toMatchObject({
      ref: 'huge',
      src: '2',
      err: { code: 101, message: expect.stringContaining('relays take 16777216') },
    });
  });
});

it('a peer answers a command that is longer than relays take with error 100, and stays connected', async () => {
  await using rig = await startPeerRig(network, 1);
  await rig.request(localRequest({ cmd: 'a'.repeat(70_000) }));
  const { err } = await rig.reply('replies');
  expect(err).toMatchObject({
    code: 100,
    message: expect.stringMatching(/together have \d+ bytes, relays take 65536$/),
  });
  await rig.request(localRequest({ dst: [999_999] }));
  expect((await rig.reply('replies')).err?.code).toBe(103);
  expect(rig.counted.get('relay-lost')).toBeUndefined();
});
