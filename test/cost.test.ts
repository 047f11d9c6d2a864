import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../proto/envelope.ts';
import { signEnvelope } from '../proto/signature.ts';
import { type Figures, IDLE, MESSAGES } from '../scripts/cost/figures.ts';
import { FRAMES_A_REQUEST } from '../scripts/cost/prices.ts';
import type { Client } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { bundleMetered, handTogether, quiet, type RelayUse, sleep, useOf, useOfAll } from './rig/metered.ts';
import { devIdentity, startTwoRelays, type TwoRelays } from './rig/two-relays.ts';
import { until } from './rig/until.ts';

// What a message costs is counted on workerd, and must not be more than docs/cost.md says (scripts/cost/figures.ts).
const FIGURES = { ...MESSAGES, ...IDLE };
const A = { twin: 1 };
/** A burst of 32 reaches its object in three parts; with a batch for each part the figures hold on any machine. */
const PARTS = [11, 11, 10];
/** The same, with a ping behind the burst. */
const PARTS_AND_PING = [11, 11, 11];
const payload = { kind: 'plain' as const, bytes: new Uint8Array(256) };

let relays: TwoRelays;
let sender: Client;
beforeAll(async () => {
  relays = await startTwoRelays({}, bundleMetered);
  sender = await relays.join(relays.a, 1);
});
afterAll(async () => {
  await sender[Symbol.asyncDispose]();
  await relays[Symbol.asyncDispose]();
});

/** Sends messages to a twin, `burst` of them at once and the next when they have arrived and nothing is left to do. */
async function pass(messages: number, burst: number, to: Client, twin: number): Promise<void> {
  await handTogether(relays.a, burst === 1 ? [] : PARTS);
  const identity = await devIdentity(1);
  // Each its own: another relay delivers one signed envelope once.
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
    // Its pong comes when all before it has arrived; then its object is busy until that is stored.
    sender.send(ping);
    await sender.next();
    await quiet(relays.a);
  }
  await handTogether(relays.a, []);
}

/** What `messages` used, each, in the units of docs/cost.md. */
function each(messages: number, uses: readonly RelayUse[]): Figures['each'] & { readonly busyMs: number } {
  const sum = (of: (use: RelayUse) => number) => uses.reduce((total, use) => total + of(use), 0) / messages;
  const objects = ({ objects: { TwinObject: twin, StatsObject: stats } }: RelayUse) => [twin, stats];
  const of = (what: 'calls' | 'alarms' | 'frames' | 'rowsWritten' | 'rowsRead' | 'busyMs') =>
    sum((use) => objects(use).reduce((total, object) => total + object[what], 0));
  return {
    requests: sum((use) => use.worker.requests),
    objectRequests: of('calls') + of('alarms') + of('frames') / FRAMES_A_REQUEST,
    rowsWritten: of('rowsWritten'),
    rowsRead: of('rowsRead'),
    lookups: sum((use) => use.worker.lookups),
    busyMs: of('busyMs'),
  };
}

/** No unit may be more than docs/cost.md says. */
function expectWithin(name: keyof typeof FIGURES, messages: number, uses: readonly RelayUse[]): void {
  const { busyMs, ...units } = each(messages, uses);
  console.log(name, JSON.stringify(units), `busy ${busyMs.toFixed(2)} ms`);
  const most = new Map<string, number>(Object.entries(FIGURES[name].each));
  const over = Object.entries(units).filter(([unit, used]) => used > (most.get(unit) ?? 0));
  expect(over, `${name}: more than docs/cost.md says; spare it, or change scripts/cost/figures.ts`).toEqual([]);
}

describe('what a message costs', () => {
  it.each([
    ['online', 3200, 32],
    ['onlineSingly', 50, 1],
  ] as const)('%s', async (name, messages, burst) => {
    await using b = await relays.join(relays.a, 2);
    await pass(burst, burst, b, 2);
    expectWithin(name, messages, [await useOf(relays.a, () => pass(messages, burst, b, 2))]);
  });

  it.each([
    ['stored', 1024, 32],
    ['storedSingly', 50, 1],
  ] as const)('%s, until it has left the mailbox', async (name, messages, burst) => {
    // Its tables are made once.
    await (await relays.join(relays.a, 3))[Symbol.asyncDispose]();
    const stored = await useOf(relays.a, () => leave(messages, burst, 3));
    const came = Promise.withResolvers<Client>();
    const drained = await useOf(relays.a, async () => {
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
    expectWithin(name, messages, await useOfAll([relays.a, relays.b], () => pass(messages, burst, d, 4)));
  });
});

it('what a message costs to another relay that is the only one for a while, until its alarm has rung', async () => {
  await using d = await relays.join(relays.b, 4);
  const alone = () =>
    useOfAll([relays.a, relays.b], async () => {
      await pass(1, 1, d, 4);
      await until('the alarm', async () => (await quiet(relays.a)).objects.TwinObject.alarms > 0);
    });
  // The first may have found an alarm that was armed for what went before.
  await alone();
  expectWithin('federatedAlone', 1, await alone());
});

describe('what an idle twin costs', () => {
  it('nothing for the pings of WebSocket, its object asleep', async () => {
    await using b = await relays.join(relays.a, 2);
    await sleep(relays.a, 2);
    const use = await useOf(relays.a, async () => {
      for (let n = 0; n < 100; n += 1) {
        b.socket.ping('alive');
        await once(b.socket, 'pong');
      }
    });
    const nothing = { requests: 0, objectRequests: 0, rowsWritten: 0, rowsRead: 0, lookups: 0, busyMs: 0 };
    expect([each(1, [use]), use.objects.TwinObject.wakes]).toEqual([nothing, 0]);
  });

  it('a frame and no row for a ping envelope, which wakes its object', async () => {
    await using b = await relays.join(relays.a, 2);
    const uses: RelayUse[] = [];
    for (let n = 0; n < 5; n += 1) {
      await sleep(relays.a, 2);
      const ping = async () => {
        b.send(request({ twin: 2 }, undefined, { content: { kind: 'ping' } }));
        await b.next();
      };
      uses.push(await useOf(relays.a, ping));
    }
    expect(uses.map(({ objects }) => objects.TwinObject.wakes)).toEqual([1, 1, 1, 1, 1]);
    expectWithin('pingEnvelope', uses.length, uses);
  });

  it('a connection that ends and comes again', async () => {
    const cycles = async (n: number) => {
      for (let cycle = 0; cycle < n; cycle += 1) await (await relays.join(relays.a, 3))[Symbol.asyncDispose]();
    };
    await cycles(1);
    expectWithin('reconnection', 10, [await useOf(relays.a, () => cycles(10))]);
  });

  it('a connection that the next one replaces', async () => {
    const elder = await relays.join(relays.a, 3);
    const came = Promise.withResolvers<Client>();
    const use = await useOf(relays.a, async () => came.resolve(await relays.join(relays.a, 3)));
    await elder.closed;
    await (await came.promise)[Symbol.asyncDispose]();
    expectWithin('replacement', 1, [use]);
  });
});

it('a crowd that asks whether the relay is ready asks its one watcher once in a while', async () => {
  const began = performance.now();
  const use = await useOf(relays.a, async () => {
    for (let n = 0; n < 50; n += 1) await (await fetch(`${relays.a.httpUrl}/readyz`)).text();
  });
  expect(use.worker.requests).toBe(50);
  // Once every five seconds: a slow machine takes longer, and may ask more often.
  expect(use.objects.ChainWatcher.calls).toBeLessThanOrEqual(1 + Math.floor((performance.now() - began) / 5_000));
});
