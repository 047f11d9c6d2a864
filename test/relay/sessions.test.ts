import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_SESSIONS } from '../../durable-objects/twin/sessions/sessions.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { type Client, connectAs } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

/** The number of handshakes under way at once. */
const AT_ONCE = 50;

describe('two upgrades of one session at nearly the same time', () => {
  it('leave one of them, and the other reads why it was closed', async () => {
    await using a = await network.join(1);
    for (let round = 0; round < 10; round += 1) {
      const sid = `twice-${round}`;
      const both = await Promise.all([network.join(3, sid), network.join(3, sid)]);
      const closed = await Promise.race(both.map(async (each) => ({ each, end: await each.closed })));
      expect(closed.end).toEqual({ code: 4409, reason: 'session taken over by a newer connection' });
      const [winner] = both.filter((each) => each !== closed.each);
      const sent = request({ twin: 1 }, { twin: 3, connection: sid });
      a.send(sent);
      expect((await winner?.next())?.uid).toBe(sent.uid);
      winner?.socket.terminate();
    }
  });
});

describe('a thousand sessions of one twin', () => {
  it('are served, and the next one is refused until one of them leaves', async () => {
    const identity = await network.identity(6);
    const join = (sid: string) => connectAs(network.relay.wsUrl, 6, identity, sid);
    const clients: Client[] = [];
    for (let n = 0; n < MAX_SESSIONS; n += AT_ONCE) {
      clients.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => join(`${n + k}`)))));
    }
    await expect(join('one more')).rejects.toThrow(
      new RegExp(`^429 .*too many sessions: twin 6 has ${MAX_SESSIONS} open; close some, or use fewer sids`),
    );
    await using a = await network.join(1);
    const sids = ['0', '499', '999'];
    for (const sid of sids) a.send(request({ twin: 1 }, { twin: 6, connection: sid }, { uid: sid }));
    for (const sid of sids) expect((await clients[Number(sid)]?.next())?.uid).toBe(sid);
    clients[0]?.socket.close(1000);
    await clients[0]?.closed;
    await using late = await join('one more');
    expect(late.socket.readyState).toBe(1);
    for (const client of clients) client.socket.terminate();
  });
});

describe('a stored message', () => {
  it('comes again after a connection broke, and not after it closed', async () => {
    await using a = await network.join(1);
    const sent = Array.from({ length: 20 }, () => encodeEnvelope(request({ twin: 1 }, { twin: 5 })));
    for (const each of sent) a.send(each);
    const marker = request({ twin: 1 }, { twin: 5, connection: 'nobody' }, { tags: 'fail-fast' });
    a.send(marker);
    expect((await a.next()).uid).toBe(marker.uid);
    const broken = await network.join(5);
    await broken.nextBytes();
    broken.socket.terminate();
    const reader = await network.join(5);
    for (const each of sent) expect(Buffer.compare(await reader.nextBytes(), each)).toBe(0);
    await reader[Symbol.asyncDispose]();
    await using later = await network.join(5);
    const live = request({ twin: 1 }, { twin: 5 });
    a.send(live);
    expect((await later.next()).uid).toBe(live.uid);
  });
});
