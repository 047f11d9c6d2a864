import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from '../../proto/envelope/address.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { connectFrail } from '../rig/clients/frail.ts';
import { request } from '../rig/envelopes/envelopes.ts';

const MINUTE_MS = 60_000;
/** Longer than a test takes, mostly. */
const NEEDED_MS = 10_000;
const OVER = { kind: 'error', code: 0, message: 'exceeded rate limits, dropping message' };

let network: Network;
beforeAll(async () => {
  network = await startNetwork({ RATE_LIMIT_MESSAGES: '5', RATE_LIMIT_BYTES: '2000' });
});
afterAll(() => network[Symbol.asyncDispose]());

const minuteNow = () => Math.floor(Date.now() / MINUTE_MS);
const nextMinute = () => new Promise((resolve) => setTimeout(resolve, MINUTE_MS - (Date.now() % MINUTE_MS)));

/** Limits hold for whole minutes of the clock: what is seen counts if all of it lay in one. */
async function inOneMinute<T>(look: () => Promise<T>): Promise<T> {
  if (MINUTE_MS - (Date.now() % MINUTE_MS) < NEEDED_MS) await nextMinute();
  for (;;) {
    const minute = minuteNow();
    const [outcome] = await Promise.allSettled([look()]);
    if (minuteNow() !== minute) await nextMinute();
    else if (outcome.status === 'fulfilled') return outcome.value;
    else throw outcome.reason;
  }
}

/** Sends so many requests from a session to itself; how many of them came back, and how many were refused. */
async function send(client: Client, from: Address, count: number): Promise<{ passed: number; refused: number }> {
  for (let n = 0; n < count; n += 1) client.send(request(from, from));
  const seen = { passed: 0, refused: 0 };
  for (let n = 0; n < count; n += 1) {
    const { content } = await client.next();
    if (content?.kind === 'request') seen.passed += 1;
    else {
      expect(content).toEqual(OVER);
      seen.refused += 1;
    }
  }
  return seen;
}

/** Puts a twin with the account of twin 6 on chain. */
async function anotherTwin(id: number): Promise<number> {
  await network.settle(id, `localhost:${network.relay.port}`);
  return id;
}

/** Each test uses another twin: the count of a minute belongs to a twin. */
describe('a limit of 5 messages and 2000 bytes a minute', () => {
  it('lets exactly 5 pass in a burst, over sessions and after sleep', async () => {
    const seen = await inOneMinute(async () => {
      await using a = await network.join(1);
      await using other = await network.join(1, 'other');
      const [A, O] = [{ twin: 1 }, { twin: 1, connection: 'other' }];
      const counts = [await send(a, A, 2)];
      await network.relay.evict(1);
      counts.push(await send(other, O, 2));
      await network.relay.evict(1);
      counts.push(await send(a, A, 40));
      await network.relay.evict(1);
      return [...counts, await send(other, O, 3)];
    });
    expect(seen).toEqual([
      { passed: 2, refused: 0 },
      { passed: 2, refused: 0 },
      { passed: 1, refused: 39 },
      { passed: 0, refused: 3 },
    ]);
  });

  it('continues to count for a session that reconnects', async () => {
    const seen = await inOneMinute(async () => {
      const counts = [];
      for (let connection = 0; connection < 3; connection += 1) {
        const b = await network.join(2);
        counts.push(await send(b, { twin: 2 }, 3));
        await b[Symbol.asyncDispose]();
        // Once its object has slept, only what it wrote down is left of the count; else the object remembers it.
        if (connection === 0) await network.relay.evict(2);
      }
      return counts;
    });
    expect(seen).toEqual([
      { passed: 3, refused: 0 },
      { passed: 2, refused: 1 },
      { passed: 0, refused: 3 },
    ]);
  });

  it('counts once what a replaced connection sent, however often its object sleeps', async () => {
    const from = { twin: await anotherTwin(7) };
    const seen = await inOneMinute(async () => {
      await using ghost = await connectFrail(network.relay.port, from.twin, await network.identity(6));
      const counts = [await send(ghost.client, from, 2)];
      await using newer = await connectAs(network.relay.wsUrl, from.twin, await network.identity(6));
      await ghost.diedAtClose();
      await network.relay.evict(from.twin);
      counts.push(await send(newer, from, 1));
      await network.relay.evict(from.twin);
      return [...counts, await send(newer, from, 4)];
    });
    expect(seen).toEqual([
      { passed: 2, refused: 0 },
      { passed: 1, refused: 0 },
      { passed: 2, refused: 2 },
    ]);
  });

  it('counts what a connection sent before the relay closed it', async () => {
    const from = { twin: await anotherTwin(8) };
    const seen = await inOneMinute(async () => {
      await using ghost = await connectFrail(network.relay.port, from.twin, await network.identity(6));
      const counts = [await send(ghost.client, from, 3)];
      ghost.client.send('text');
      await ghost.diedAtClose();
      await network.relay.evict(from.twin);
      await using next = await connectAs(network.relay.wsUrl, from.twin, await network.identity(6));
      return [...counts, await send(next, from, 3)];
    });
    expect(seen).toEqual([
      { passed: 3, refused: 0 },
      { passed: 2, refused: 1 },
    ]);
  });

  it('is separate for each twin', async () => {
    const seen = await inOneMinute(async () => {
      await using c = await network.join(3);
      await using d = await network.join(4);
      return [await send(c, { twin: 3 }, 6), await send(d, { twin: 4 }, 5)];
    });
    expect(seen).toEqual([
      { passed: 5, refused: 1 },
      { passed: 5, refused: 0 },
    ]);
  });

  it('counts bytes of a single message', async () => {
    await using e = await network.join(5);
    e.send(request({ twin: 5 }, { twin: 5 }, { payload: { kind: 'plain', bytes: new Uint8Array(2000) } }));
    expect((await e.next()).content).toEqual(OVER);
  });

  it('drops pings in silence and keeps the connection', async () => {
    const self = { twin: 6 };
    const seen = await inOneMinute(async () => {
      await using f = await network.join(6);
      for (let n = 0; n < 7; n += 1) f.send(encodeEnvelope(request(self, undefined, { content: { kind: 'ping' } })));
      f.send(request(self, self));
      const contents = [];
      for (let n = 0; n < 6; n += 1) contents.push((await f.next()).content);
      return [contents, f.waiting, f.socket.readyState];
    });
    expect(seen).toEqual([[...Array(5).fill({ kind: 'pong' }), OVER], 0, 1]);
  });
});
