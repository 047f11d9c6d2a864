import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { withLife } from '../../tools/conformance/stage/life.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';

const A = { twin: 1 };
const SHARE = 'your messages fill their share of the mailbox of the destination, try again later';

let network: Network;
let a: Client;
beforeAll(async () => {
  // Half of it is for a lone source: 700 messages and 20 MiB.
  network = await startNetwork({ MAILBOX_MAX_MESSAGES: '1400', MAILBOX_MAX_BYTES: String(40 * 2 ** 20) });
  a = await network.join(1);
});
afterAll(async () => {
  await a[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** Resolves when the relay has handled all that `a` has sent: a marker took the same way. */
async function sentThrough(twin: number): Promise<void> {
  const marker = request(A, { twin, connection: 'nobody' }, { tags: 'fail-fast' });
  a.send(marker);
  expect((await a.next()).uid).toBe(marker.uid);
}

describe('a mailbox', () => {
  it('delivers each message once, in order and byte for byte when its twin connects', async () => {
    const sent = Array.from({ length: 600 }, () => encodeEnvelope(request(A, { twin: 2 })));
    for (const each of sent) a.send(each);
    await sentThrough(2);
    await using b = await network.join(2);
    for (const each of sent) expect(Buffer.compare(await b.nextBytes(), each)).toBe(0);
    const live = request(A, { twin: 2 });
    a.send(live);
    expect((await b.next()).uid).toBe(live.uid);
    await using second = await network.join(2, 'other');
    a.send(request(A, { twin: 2, connection: 'other' }, { uid: 'first-for-other' }));
    expect((await second.next()).uid).toBe('first-for-other');
  });

  it('belongs to one sid', async () => {
    a.send(request(A, { twin: 3, connection: '' }, { uid: 'for-empty' }));
    a.send(request(A, { twin: 3 }, { uid: 'for-none' }));
    await sentThrough(3);
    await using none = await network.join(3);
    await using empty = await network.join(3, '');
    expect([(await none.next()).uid, (await empty.next()).uid]).toEqual(['for-none', 'for-empty']);
    expect([none.waiting, empty.waiting]).toEqual([0, 0]);
  });

  it('stores a message whose tags only resemble fail-fast', async () => {
    for (const tags of ['Fail-Fast', 'xfail-fast']) a.send(request(A, { twin: 4 }, { tags, uid: tags }));
    await sentThrough(4);
    await using d = await network.join(4);
    expect([(await d.next()).uid, (await d.next()).uid]).toEqual(['Fail-Fast', 'xfail-fast']);
  });

  it('drops a message that expires while it waits', async () => {
    const came = await withLife(
      4,
      async (seconds) => {
        const now = Math.floor(Date.now() / 1000);
        const sid = `late-${seconds}`;
        const S = { twin: 4, connection: sid };
        const short = { uid: 'short', timestamp: BigInt(now - 56), expiration: BigInt(56 + seconds) };
        const marker = request(A, { twin: 4, connection: 'nobody' }, { tags: 'fail-fast' });
        a.send(request(A, S, short));
        a.send(request(A, S, { uid: 'long', timestamp: BigInt(now), expiration: 600n }));
        a.send(marker);
        const first = await a.next();
        // It expired before it was stored, and its sender got an error.
        if (first.uid !== marker.uid) return (await a.next()).uid === marker.uid ? 'too late' : 'disorder';
        await new Promise((resolve) => setTimeout(resolve, (now + seconds) * 1000 - Date.now()));
        await using late = await network.join(4, sid);
        return [(await late.next()).uid, late.waiting];
      },
      (outcome) => outcome === 'too late',
    );
    expect(came).toEqual(['long', 0]);
  });

  it('keeps 15 MiB and refuses what exceeds its bytes', async () => {
    const large = encodeEnvelope(
      request(A, { twin: 5 }, { payload: { kind: 'plain', bytes: new Uint8Array(15 * 2 ** 20).fill(3) } }),
    );
    a.send(large);
    const over = request(A, { twin: 5 }, { payload: { kind: 'plain', bytes: new Uint8Array(6 * 2 ** 20) } });
    a.send(over);
    expect(await a.next()).toMatchObject({
      uid: over.uid,
      content: { message: SHARE },
    });
    await sentThrough(5);
    await using e = await network.join(5);
    expect(Buffer.compare(await e.nextBytes(), large)).toBe(0);
  });

  it('answers a request when it is full or the request has expired', async () => {
    for (let n = 0; n < 700; n += 1) a.send(request(A, { twin: 6 }));
    const over = request(A, { twin: 6 });
    a.send(over);
    const full = await a.next();
    expect([full.uid, full.content]).toEqual([over.uid, { kind: 'error', code: 0, message: SHARE }]);
    a.send(request(A, { twin: 6, connection: 'x' }, { timestamp: 1n }));
    expect((await a.next()).content).toMatchObject({ message: 'message has expired' });
  });
});

describe('an object that was asleep', () => {
  it('keeps its sessions', async () => {
    await using sid = await network.join(2, 'sleeper');
    const S = { twin: 2, connection: 'sleeper' };
    await network.relay.evict(2);
    const ping = request(S, undefined, { content: { kind: 'ping' } });
    sid.send(ping);
    expect(await sid.next()).toMatchObject({ uid: ping.uid, content: { kind: 'pong' }, destination: S });
    await network.relay.evict(2);
    const incoming = request(A, S);
    a.send(incoming);
    expect((await sid.next()).uid).toBe(incoming.uid);
    await network.relay.evict(2);
    sid.send(request({ twin: 2 }, A));
    expect((await sid.next()).content).toMatchObject({ message: 'message wrong source' });
    const outgoing = request(S, A);
    sid.send(outgoing);
    expect((await a.next()).uid).toBe(outgoing.uid);
  });

  it('still replaces a session by its newer connection', async () => {
    const elder = await network.join(3, 'replaced');
    await network.relay.evict(3);
    await using newer = await network.join(3, 'replaced');
    expect(await elder.closed).toMatchObject({ code: 4409 });
    await network.relay.evict(3);
    const sent = request(A, { twin: 3, connection: 'replaced' });
    a.send(sent);
    expect((await newer.next()).uid).toBe(sent.uid);
  });

  it('keeps the order of a mailbox', async () => {
    const uids: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 20; n += 1) {
        const message = request(A, { twin: 4, connection: 'mail' });
        uids.push(message.uid);
        a.send(message);
      }
      await sentThrough(4);
      await network.relay.evict(4);
    }
    await using d = await network.join(4, 'mail');
    for (const uid of uids) expect((await d.next()).uid).toBe(uid);
  });
});
