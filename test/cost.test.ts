import { once } from 'node:events';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { encodeEnvelope } from '../proto/envelope.ts';
import { signEnvelope } from '../proto/signature.ts';
import type { Client } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { bundleMetered, type RelayUse, useOf, useOfAll } from './rig/metered.ts';
import { devIdentity, startTwoRelays, type TwoRelays } from './rig/two-relays.ts';

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

const A = { twin: 1 };
const payload = { kind: 'plain' as const, bytes: new Uint8Array(256) };

/** Sends messages to a twin, `flight` of them under way at once: each that arrives lets the next one go. */
async function pass(messages: number, flight: number, to: Client, twin: number): Promise<void> {
  const frame = encodeEnvelope(await signEnvelope(request(A, { twin }, { payload }), await devIdentity(1)));
  for (let n = 0; n < Math.min(flight, messages); n += 1) sender.send(frame);
  for (let arrived = 1; arrived <= messages; arrived += 1) {
    await to.nextBytes();
    if (arrived + flight <= messages) sender.send(frame);
  }
}

/** Sends messages to a twin that is away, so many at once. */
async function leave(messages: number, burst: number, twin: number): Promise<void> {
  const frame = encodeEnvelope(request(A, { twin }, { payload }));
  const marker = request(A, { twin, connection: 'nobody' }, { tags: 'fail-fast' });
  for (let sent = 0; sent < messages; sent += burst) {
    for (let n = 0; n < burst; n += 1) sender.send(frame);
    // The refusal comes when all before it is stored.
    sender.send(marker);
    await sender.next();
  }
}

function say(name: string, messages: number, use: RelayUse): void {
  const t = use.objects.TwinObject;
  const s = use.objects.StatsObject;
  console.log(name, messages, JSON.stringify({ ...use.worker, ...t }), 'stats', JSON.stringify(s), 'ms each', t.busyMs / messages);
}

describe('cost', () => {
  it('online', async () => {
    await using b = await relays.join(relays.a, 2);
    await pass(64, 32, b, 2);
    say('online 32', 3200, await useOf(relays.a, () => pass(3200, 32, b, 2)));
    say('online 32 again', 3200, await useOf(relays.a, () => pass(3200, 32, b, 2)));
    say('online 1', 200, await useOf(relays.a, () => pass(200, 1, b, 2)));
  });
  it('stored', async () => {
    say('stored 32', 1024, await useOf(relays.a, () => leave(1024, 32, 3)));
    say('drained 32', 1024, await useOf(relays.a, async () => {
      await using c = await relays.join(relays.a, 3);
      for (let n = 0; n < 1024; n += 1) await c.nextBytes();
      await new Promise((resolve) => setTimeout(resolve, 2500));
    }));
    say('stored 1', 100, await useOf(relays.a, () => leave(100, 1, 3)));
    say('drained 1', 100, await useOf(relays.a, async () => {
      await using c = await relays.join(relays.a, 3);
      for (let n = 0; n < 100; n += 1) await c.nextBytes();
      await new Promise((resolve) => setTimeout(resolve, 2500));
    }));
  });
  it('federated', async () => {
    await using d = await relays.join(relays.b, 4);
    await pass(64, 32, d, 4);
    for (const [messages, flight] of [[640, 640], [640, 32], [100, 1]] as const) {
      const [out, into] = await useOfAll([relays.a, relays.b], () => pass(messages, flight, d, 4));
      if (out && into) {
        say(`federated out ${flight}`, messages, out);
        say(`federated in ${flight}`, messages, into);
      }
    }
  });
  it('idle', async () => {
    await using b = await relays.join(relays.a, 2);
    say('protocol pings', 100, await useOf(relays.a, async () => {
      for (let n = 0; n < 100; n += 1) {
        b.socket.ping('x');
        await once(b.socket, 'pong');
      }
    }));
    const ping = request({ twin: 2 }, undefined, { content: { kind: 'ping' } });
    await relays.a.evict(2);
    say('first ping after sleep', 1, await useOf(relays.a, async () => {
      b.send(ping);
      await b.next();
    }));
    say('envelope pings', 100, await useOf(relays.a, async () => {
      for (let n = 0; n < 100; n += 1) {
        b.send(ping);
        await b.next();
      }
    }));
    say('reconnect', 10, await useOf(relays.a, async () => {
      for (let n = 0; n < 10; n += 1) {
        await using c = await relays.join(relays.a, 3);
      }
    }));
  });
});
