import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Address } from '../../proto/envelope/address.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { connectFrail } from '../rig/clients/frail.ts';
import { request } from '../rig/envelopes/envelopes.ts';

// The platform calls a socket open again that the relay closed, once its object has slept twice and while its client
// has not answered.

const A = { twin: 1 };
const OFFLINE = { kind: 'error', code: 0, message: 'destination offline' };

let network: Network;
let a: Client;
beforeAll(async () => {
  network = await startNetwork({ MAX_ENVELOPE_BYTES: '4096' });
  a = await network.join(1);
});
afterAll(async () => {
  await a[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

let sids = 0;
let sid: string;
beforeEach(() => {
  sids += 1;
  sid = `ghost-${sids}`;
});

const frail = async (twin: number) => connectFrail(network.relay.port, twin, await network.identity(twin), sid);

/** Whether a session is connected, as `fail-fast` says: 'offline', or its message is the next one of `client`. */
async function asked(to: Address, client?: Client): Promise<string> {
  const sent = request(A, to, { tags: 'fail-fast' });
  a.send(sent);
  const came = await (client ?? a).next();
  if (came.uid !== sent.uid) return 'another message';
  if (client !== undefined) return 'delivered';
  expect(came.content).toEqual(OFFLINE);
  return 'offline';
}

/** Puts a twin's object to sleep twice, and wakes it after each. */
async function sleepTwice(twin: number): Promise<void> {
  for (let n = 0; n < 2; n += 1) {
    await network.relay.evict(twin);
    expect(await asked({ twin, connection: 'nobody' })).toBe('offline');
  }
}

describe('a connection that a newer one replaced, and that never answers', () => {
  it('gets nothing however often its object sleeps', async () => {
    await using ghost = await frail(5);
    await using newer = await network.join(5, sid);
    await ghost.diedAtClose();
    await sleepTwice(5);
    for (let n = 0; n < 3; n += 1) expect(await asked({ twin: 5, connection: sid }, newer)).toBe('delivered');
  });

  it('counts as offline when the newer one has left', async () => {
    await using ghost = await frail(5);
    const newer = await network.join(5, sid);
    await ghost.diedAtClose();
    await newer[Symbol.asyncDispose]();
    await sleepTwice(5);
    const to = { twin: 5, connection: sid };
    expect(await asked(to)).toBe('offline');
    const kept = request(A, to);
    a.send(kept);
    await using later = await network.join(5, sid);
    expect((await later.next()).uid).toBe(kept.uid);
  });
});

describe('a connection that the relay closed for what it sent, and that never answers', () => {
  it.each([
    ['a text frame', 'text'],
    ['what is no envelope', new Uint8Array([0xff, 0xff])],
    ['too large an envelope', new Uint8Array(5000)],
  ])('counts as offline however often its object sleeps: %s', async (_, frame) => {
    const to = { twin: 4, connection: sid };
    await using ghost = await frail(4);
    expect(await asked(to, ghost.client)).toBe('delivered');
    ghost.client.send(frame);
    await ghost.diedAtClose();
    expect(await asked(to)).toBe('offline');
    await sleepTwice(4);
    expect(await asked(to)).toBe('offline');
    const kept = encodeEnvelope(request(A, to));
    a.send(kept);
    await using later = await network.join(4, sid);
    expect(Buffer.compare(await later.nextBytes(), kept)).toBe(0);
  });
});
