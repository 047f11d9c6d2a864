import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Address } from '../proto/address.ts';
import { encodeEnvelope } from '../proto/envelope.ts';
import type { Client } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { connectFrail } from './rig/ghost.ts';
import { type Network, startNetwork } from './rig/network.ts';

/** Limits hold for whole minutes of the clock: what a test sends must lie in one. */
const NEEDED_MS = 20_000;
const A = { twin: 1 };
const OVER = { kind: 'error', code: 0, message: 'exceeded rate limits, dropping message' };

let network: Network;
beforeEach(async () => {
  network = await startNetwork({ RATE_LIMIT_MESSAGES: '5', RATE_LIMIT_BYTES: '2000' });
  const left = 60_000 - (Date.now() % 60_000);
  if (left < NEEDED_MS) await new Promise((resolve) => setTimeout(resolve, left));
}, 120_000);
afterEach(() => network[Symbol.asyncDispose]());

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

describe('a limit of 5 messages and 2000 bytes a minute', () => {
  it('lets exactly 5 pass, in a burst, over its sessions, and after its object slept', async () => {
    await using a = await network.join(1);
    expect(await send(a, A, 2)).toEqual({ passed: 2, refused: 0 });
    await network.relay.evict(1);
    await using other = await network.join(1, 'other');
    const O = { twin: 1, connection: 'other' };
    expect(await send(other, O, 2)).toEqual({ passed: 2, refused: 0 });
    await network.relay.evict(1);
    expect(await send(a, A, 40)).toEqual({ passed: 1, refused: 39 });
    await network.relay.evict(1);
    expect(await send(other, O, 3)).toEqual({ passed: 0, refused: 3 });
  });

  it('does not begin anew for a session that connects anew', async () => {
    for (const [passed, refused] of [
      [3, 0],
      [2, 1],
      [0, 3],
    ]) {
      await using a = await network.join(1);
      expect(await send(a, A, 3)).toEqual({ passed, refused });
    }
  });

  it('counts what a replaced connection sent, once, however often its object sleeps', async () => {
    await using ghost = await connectFrail(network.relay.port, 1, await network.identity(1));
    expect(await send(ghost.client, A, 2)).toEqual({ passed: 2, refused: 0 });
    await using newer = await network.join(1);
    await ghost.diedAtClose();
    await network.relay.evict(1);
    expect(await send(newer, A, 1)).toEqual({ passed: 1, refused: 0 });
    await network.relay.evict(1);
    expect(await send(newer, A, 4)).toEqual({ passed: 2, refused: 2 });
  });

  it('counts what a connection sent that is closed for it', async () => {
    await using ghost = await connectFrail(network.relay.port, 1, await network.identity(1));
    expect(await send(ghost.client, A, 3)).toEqual({ passed: 3, refused: 0 });
    ghost.client.send('text');
    await ghost.diedAtClose();
    await network.relay.evict(1);
    await using next = await network.join(1);
    expect(await send(next, A, 3)).toEqual({ passed: 2, refused: 1 });
  });

  it('is each twin’s own', async () => {
    await using a = await network.join(1);
    await using b = await network.join(2);
    expect(await send(a, A, 6)).toEqual({ passed: 5, refused: 1 });
    expect(await send(b, { twin: 2 }, 5)).toEqual({ passed: 5, refused: 0 });
  });

  it('counts bytes: one message may be too much', async () => {
    await using a = await network.join(1);
    a.send(request(A, A, { payload: { kind: 'plain', bytes: new Uint8Array(2000) } }));
    expect((await a.next()).content).toEqual(OVER);
  });

  it('drops pings in silence, and keeps the connection', async () => {
    await using a = await network.join(1);
    for (let n = 0; n < 7; n += 1) a.send(encodeEnvelope(request(A, undefined, { content: { kind: 'ping' } })));
    for (let n = 0; n < 5; n += 1) expect((await a.next()).content).toEqual({ kind: 'pong' });
    a.send(request(A, A));
    expect((await a.next()).content).toEqual(OVER);
    expect([a.waiting, a.socket.readyState]).toEqual([0, 1]);
  });
});
