import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMetered, handTogether, quiet, sleep, useOf } from '../rig/relay/metered.ts';
import { each, expectWithin, type Spent, spend } from '../rig/relay/spending.ts';
import { startTwoRelays, type TwoRelays } from '../rig/relay/two-relays.ts';
import { until } from '../rig/until.ts';

const A = { twin: 1 };
/** A burst of 32 reaches its object in three parts; with a batch for each part the figures hold on any machine. */
const PARTS = [11, 11, 10];
/** Sizes of the parts with a ping behind the burst. */
const PARTS_AND_PING = [11, 11, 11];
const payload = { kind: 'plain' as const, bytes: new Uint8Array(256) };

let relays: TwoRelays;
let sender: Client;
beforeAll(async () => {
  // Limits are on, as in a deploy, and so high that they are counted and never reached.
  const limits = { RATE_LIMIT_MESSAGES: '10000000', RATE_LIMIT_BYTES: String(2 ** 40) };
  relays = await startTwoRelays(limits, bundleMetered);
  sender = await relays.join(relays.a, 1);
});
afterAll(async () => {
  await sender[Symbol.asyncDispose]();
  await relays[Symbol.asyncDispose]();
});

/** Sends messages to a twin, `burst` of them at once and the next when they have arrived and nothing is left to do. */
async function pass(messages: number, burst: number, to: Client, twin: number): Promise<void> {
  await handTogether(relays.a, burst === 1 ? [] : PARTS);
  const identity = await identityOfTwin(1);
  // Each envelope differs: another relay delivers one signed envelope once.
  const make = async () => encodeEnvelope(await signEnvelope(request(A, { twin }, { payload }), identity));
  const frames = await Promise.all(Array.from({ length: messages }, make));
  for (let sent = 0; sent < messages; sent += burst) {
    for (const frame of frames.slice(sent, sent + burst)) sender.send(frame);
    for (let n = 0; n < burst; n += 1) await to.nextBytes();
    if (burst === 1) await Promise.all([relays.a, relays.b].map(quiet));
  }
  await handTogether(relays.a, []);
}

/** Sends messages to a twin that is away, `burst` of them at once and the next when they are stored. */
async function leave(messages: number, burst: number, twin: number): Promise<void> {
  const frame = encodeEnvelope(request(A, { twin }, { payload }));
  const ping = request(A, undefined, { content: { kind: 'ping' } });
  await handTogether(relays.a, burst === 1 ? [] : PARTS_AND_PING);
  for (let sent = 0; sent < messages; sent += burst) {
    for (let n = 0; n < burst; n += 1) sender.send(frame);
    // The pong comes when all messages before it have arrived; the object is busy until they are stored.
    sender.send(ping);
    await sender.next();
    await quiet(relays.a);
  }
  await handTogether(relays.a, []);
}

describe('a message costs no more than docs/cost.md says:', () => {
  it.each([
    ['online', 3200, 32],
    ['onlineSingly', 50, 1],
  ] as const)('%s', async (name, messages, burst) => {
    await using b = await relays.join(relays.a, 2);
    await pass(burst, burst, b, 2);
    expectWithin(name, messages, [await spend([relays.a], () => pass(messages, burst, b, 2))]);
  });

  it.each([
    ['stored', 1024, 32],
    ['storedSingly', 50, 1],
  ] as const)('%s, until it has left the mailbox', async (name, messages, burst) => {
    // The first session of a twin creates its tables, which is not counted.
    await (await relays.join(relays.a, 3))[Symbol.asyncDispose]();
    const stored = await spend([relays.a], () => leave(messages, burst, 3));
    const came = Promise.withResolvers<Client>();
    const drained = await spend([relays.a], async () => {
      const c = await relays.join(relays.a, 3);
      for (let n = 0; n < messages; n += 1) await c.nextBytes();
      came.resolve(c);
    });
    await (await came.promise)[Symbol.asyncDispose]();
    expectWithin(name, messages, [stored, drained]);
  });

  it.each([
    ['federated', 640, 32],
    ['federatedSingly', 50, 1],
  ] as const)('%s, at both relays', async (name, messages, burst) => {
    await using d = await relays.join(relays.b, 4);
    await pass(burst, burst, d, 4);
    expectWithin(name, messages, [await spend([relays.a, relays.b], () => pass(messages, burst, d, 4))]);
  });
});

it('a single message to another relay costs no more than docs/cost.md says, its alarm included', async () => {
  await using d = await relays.join(relays.b, 4);
  const alone = () =>
    spend([relays.a, relays.b], async () => {
      await pass(1, 1, d, 4);
      await until('the alarm', async () => (await quiet(relays.a)).objects.TwinObject.alarms > 0);
    });
  // The first may have found an alarm that was armed for what went before.
  await alone();
  expectWithin('federatedAlone', 1, [await alone()]);
});

describe('an idle twin costs', () => {
  it('nothing for pings of WebSocket while its object sleeps', async () => {
    await using b = await relays.join(relays.a, 2);
    await sleep(relays.a, 2);
    const use = await useOf(relays.a, async () => {
      for (let n = 0; n < 100; n += 1) {
        b.socket.ping('alive');
        await once(b.socket, 'pong');
      }
    });
    const nothing = { requests: 0, objectRequests: 0, rowsWritten: 0, rowsRead: 0, lookups: 0, logLines: 0, busyMs: 0 };
    expect([each(1, [use]), use.objects.TwinObject.wakes]).toEqual([nothing, 0]);
  });

  it('a frame and no row for a ping envelope', async () => {
    await using b = await relays.join(relays.a, 2);
    const spent: Spent[] = [];
    for (let n = 0; n < 5; n += 1) {
      await sleep(relays.a, 2);
      const ping = async () => {
        b.send(request({ twin: 2 }, undefined, { content: { kind: 'ping' } }));
        await b.next();
      };
      spent.push(await spend([relays.a], ping));
    }
    const wakes = spent.flatMap(({ uses }) => uses.map(({ objects }) => objects.TwinObject.wakes));
    expect(wakes).toEqual([1, 1, 1, 1, 1]);
    expectWithin('pingEnvelope', spent.length, spent);
  });

  it('no more than docs/cost.md says for a reconnection', async () => {
    const cycles = async (n: number) => {
      for (let cycle = 0; cycle < n; cycle += 1) await (await relays.join(relays.a, 3))[Symbol.asyncDispose]();
    };
    await cycles(1);
    expectWithin('reconnection', 10, [await spend([relays.a], () => cycles(10))]);
  });

  it('no more than docs/cost.md says for a replaced connection', async () => {
    const elder = await relays.join(relays.a, 3);
    const came = Promise.withResolvers<Client>();
    const spent = await spend([relays.a], async () => came.resolve(await relays.join(relays.a, 3)));
    await elder.closed;
    await (await came.promise)[Symbol.asyncDispose]();
    expectWithin('replacement', 1, [spent]);
  });
});

it('a crowd of readiness checks reaches the one watcher only every five seconds', async () => {
  const began = performance.now();
  const use = await useOf(relays.a, async () => {
    for (let n = 0; n < 50; n += 1) await (await fetch(`${relays.a.httpUrl}/readyz`)).text();
  });
  expect(use.worker.requests).toBe(50);
  // Once every five seconds: a slow machine takes longer, and may ask more often.
  expect(use.objects.ChainWatcher.calls).toBeLessThanOrEqual(1 + Math.floor((performance.now() - began) / 5_000));
});
