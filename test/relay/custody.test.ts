import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENT_MS } from '../../client/custody/kept.ts';
import type { Address } from '../../proto/envelope/address.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type CustodyClient, joinCustody } from '../rig/relay/custody-client.ts';
import { useOf } from '../rig/relay/metered.ts';

const PING = { kind: 'ping' as const };

let network: Network;
beforeAll(async () => {
  network = await startNetwork({ MAX_ENVELOPE_BYTES: '2097152' });
});
afterAll(() => network[Symbol.asyncDispose]());

let sids = 0;
/** A session of this test alone. */
let sid: string;
beforeEach(() => {
  sids += 1;
  sid = `custody-${sids}`;
});

const custody = async (twin: number, name = sid): Promise<CustodyClient> =>
  joinCustody(network.relay.wsUrl, twin, await network.identity(twin), name);
const address = (twin: number, connection = sid): Address => ({ twin, connection });
const from1 = (to: Address, fields: Partial<Envelope> = {}) => request(address(1), to, fields);

/** Resolves when the relay has handled all that a session has sent before. */
async function settled(session: CustodyClient, twin: number): Promise<void> {
  const to = { twin: 6, connection: 'nobody' };
  // A reply, because no error is sent for one.
  const marker = request(address(twin), to, { tags: 'fail-fast', content: { kind: 'response' } });
  expect(await session.outcome(session.send(marker))).toBe('offline');
}

describe('the offer of custody', () => {
  it('is accepted by the first frame, before mail that waits', async () => {
    await using a = await network.join(1, sid);
    const sent = from1(address(2));
    a.send(sent);
    const marker = from1({ twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
    a.send(marker);
    expect((await a.next()).uid).toBe(marker.uid);
    await using b = await custody(2);
    expect(b.acceptance.window).toEqual({ messages: 1024, bytes: 4 * 2 ** 20 });
    expect(await b.next()).toMatchObject({ uid: sent.uid, sequence: 1, epoch: b.acceptance.epoch });
    b.acknowledge(1);
    await settled(b, 2);
    await b[Symbol.asyncDispose]();
    // The receipt has removed it.
    await using again = await network.join(2, sid);
    const next = from1(address(2));
    a.send(next);
    expect((await again.next()).uid).toBe(next.uid);
  });

  it('changes nothing for a client that does not make it', async () => {
    await using a = await network.join(1, sid);
    await using b = await network.join(2, sid);
    a.send(request(address(1), undefined, { content: PING }));
    expect((await a.next()).content).toEqual({ kind: 'pong' });
    const bytes = encodeEnvelope(from1(address(2)));
    a.send(bytes);
    expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
  });

  it('drops the ping envelope: the acceptance was the answer', async () => {
    await using a = await custody(1);
    a.client.send(request(address(1), undefined, { content: PING }));
    a.client.send('ping');
    expect(Buffer.from(await a.client.nextBytes()).toString()).toBe('pong');
    await settled(a, 1);
    expect(a.frames.flatMap(({ envelopes }) => envelopes)).toEqual([]);
  });

  it('closes a plain session that sends a custody frame, and a custody session that sends a malformed one', async () => {
    await using plain = await network.join(3, sid);
    plain.send(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0));
    expect(await plain.closed).toMatchObject({ code: 1007 });
    await using session = await custody(3);
    session.client.send(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(await session.client.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('bytes follow') });
    await using other = await custody(3);
    other.send(Uint8Array.of(255, 255));
    expect(await other.client.closed).toMatchObject({ code: 1007 });
  });
});

describe('the receipt of an envelope', () => {
  it('comes after the receipt of a custody session, and not before', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sequence = a.send(from1(address(2)), from1(address(2)));
    const [first, second] = [await b.next(), await b.next()];
    await settled(a, 1);
    expect([a.told(sequence), a.told(sequence + 1)]).toEqual([undefined, undefined]);
    b.acknowledge(first.sequence);
    expect(await a.outcome(sequence)).toBe('delivered');
    expect(a.told(sequence + 1)).toBeUndefined();
    b.acknowledge(second.sequence);
    expect(await a.outcome(sequence + 1)).toBe('delivered');
  });

  it('rides on the reply', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sequence = a.send(from1(address(2)));
    const got = await b.next();
    const reply = request(address(2), address(1), { uid: got.uid, content: { kind: 'response' } });
    b.sendWith([{ first: got.sequence, last: got.sequence, outcome: 'delivered' }], reply);
    expect((await a.next()).uid).toBe(got.uid);
    expect(a.told(sequence)).toBe('delivered');
    expect(a.frames).toHaveLength(1);
  });

  it('says handed for a plain session, stored for one that is away, and why it was refused', async () => {
    await using a = await custody(1);
    await using b = await network.join(2, sid);
    const to = address(2);
    const nobody = { twin: 2, connection: 'nobody-there' };
    const sequence = a.send(
      from1(to),
      from1(nobody),
      from1(nobody, { tags: 'fail-fast' }),
      request({ twin: 3 }, to),
      from1({ twin: 4_000_000, connection: 'x' }),
    );
    expect((await b.next()).content).toMatchObject({ kind: 'request' });
    const outcomes = [];
    for (let n = 0; n < 5; n += 1) outcomes.push(await a.outcome(sequence + n));
    expect(outcomes).toEqual(['handed', 'stored', 'offline', 'wrong-source', 'unknown-twin']);
    const errors = [await a.next(), await a.next(), await a.next()].map(({ envelope }) => envelope.content);
    expect(errors).toMatchObject(Array(3).fill({ kind: 'error' }));
  });

  it('reaches the connection that sent the envelope, and none after it', async () => {
    await using b = await custody(2);
    const first = await custody(1);
    first.send(from1(address(2)));
    const got = await b.next();
    await using second = await custody(1);
    expect(await first.client.closed).toMatchObject({ code: 4409 });
    b.acknowledge(got.sequence);
    await settled(second, 1);
    expect(second.frames.flatMap(({ receipts }) => receipts)).toMatchObject([{ outcome: 'offline' }]);
  });

  it('comes between two sessions of one twin as well', async () => {
    await using a = await custody(1);
    await using b = await custody(1, `${sid}-b`);
    const sequence = a.send(from1(address(1, `${sid}-b`)));
    const got = await b.next();
    b.acknowledge(got.sequence);
    expect(await a.outcome(sequence)).toBe('delivered');
  });
});

describe('what a session had not acknowledged', () => {
  it('goes to the mailbox in order when its connection is cut, and before what comes later', async () => {
    await using a = await custody(1);
    const b = await custody(2);
    const envelopes = Array.from({ length: 5 }, () => from1(address(2)));
    const sequence = a.send(...envelopes.slice(0, 4));
    for (let n = 0; n < 4; n += 1) await b.next();
    b.acknowledge(1);
    expect(await a.outcome(sequence)).toBe('delivered');
    b.client.socket.terminate();
    for (let n = 1; n < 4; n += 1) expect(await a.outcome(sequence + n)).toBe('stored');
    expect(await a.outcome(a.send(...envelopes.slice(4)))).toBe('stored');
    await using again = await custody(2);
    const uids = [];
    for (let n = 0; n < 4; n += 1) uids.push((await again.next()).uid);
    expect(uids).toEqual(envelopes.slice(1).map(({ uid }) => uid));
  });

  it('goes to the newer connection that takes the session, fail-fast or not', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const envelopes = [from1(address(2)), from1(address(2), { tags: 'fail-fast' })];
    const sequence = a.send(...envelopes);
    await b.next();
    await b.next();
    await using newer = await custody(2);
    expect([await a.outcome(sequence), await a.outcome(sequence + 1)]).toEqual(['stored', 'stored']);
    expect([(await newer.next()).uid, (await newer.next()).uid]).toEqual(envelopes.map(({ uid }) => uid));
    newer.acknowledge(1, 2);
    await settled(newer, 2);
    // A receipt is given once.
    expect(a.frames.flatMap(({ receipts }) => receipts)).toEqual([{ first: 1, last: 2, outcome: 'stored' }]);
  });

  it('goes to a plain connection that takes the session', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sent = from1(address(2));
    a.send(sent);
    await b.next();
    await using plain: Client = await network.join(2, sid);
    expect((await plain.next()).uid).toBe(sent.uid);
  });

  it('is stored once its sender sends again and the session is silent, and not while it pings', {
    timeout: 60_000,
  }, async () => {
    await using a = await custody(1);
    await using alive = await custody(2);
    await using silent = await custody(2, `${sid}-silent`);
    const pings = setInterval(() => alive.client.send('ping'), 1_000);
    try {
      const envelopes = [from1(address(2)), from1(address(2, `${sid}-silent`))];
      const sequence = a.send(...envelopes);
      const got = await alive.next();
      await silent.next();
      await new Promise((resolve) => setTimeout(resolve, SILENT_MS));
      a.send(...envelopes);
      expect(await a.outcome(sequence + 1)).toBe('stored');
      expect(await silent.client.closed).toMatchObject({ code: 4408, reason: expect.stringContaining('no sign') });
      expect(a.told(sequence)).toBeUndefined();
      alive.acknowledge(got.sequence);
      expect(await a.outcome(sequence)).toBe('delivered');
    } finally {
      clearInterval(pings);
    }
  });
});

describe('the window of a session', () => {
  it('sends what does not fit to the mailbox, and from there in order as receipts come', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const payload = { kind: 'plain' as const, bytes: new Uint8Array(500_000) };
    const envelopes = Array.from({ length: 30 }, (_, n) => from1(address(2), { uid: `${n}`, payload }));
    const sequences = envelopes.map((envelope) => a.send(envelope));
    // The window has 4 MiB. Only its first eight envelopes could be in memory alone, and now they are stored as well.
    for (const sequence of sequences) expect(await a.outcome(sequence)).toBe('stored');
    const got: string[] = [];
    for (let n = 0; n < 8; n += 1) got.push((await b.next()).uid);
    b.client.send('ping');
    while (got.length < 30) {
      b.acknowledge(1, got.length);
      got.push((await b.next()).uid);
    }
    expect(got).toEqual(envelopes.map(({ uid }) => uid));
  });

  it('sends what was in flight again before what is stored, when the connection ends', async () => {
    await using a = await custody(1);
    const b = await custody(2);
    const payload = { kind: 'plain' as const, bytes: new Uint8Array(500_000) };
    const envelopes = Array.from({ length: 12 }, (_, n) => from1(address(2), { uid: `${n}`, payload }));
    const sequences = envelopes.map((envelope) => a.send(envelope));
    for (const sequence of sequences) await a.outcome(sequence);
    b.client.socket.terminate();
    await using again = await custody(2);
    const got: string[] = [];
    while (got.length < 12) {
      const { uid, sequence } = await again.next();
      got.push(uid);
      again.acknowledge(sequence);
    }
    expect(got).toEqual(envelopes.map(({ uid }) => uid));
  });

  it('packs stored envelopes into few frames', async () => {
    await using a = await network.join(1, sid);
    const envelopes = Array.from({ length: 300 }, (_, n) => from1(address(2), { uid: `${n}` }));
    for (const envelope of envelopes) a.send(envelope);
    const marker = from1({ twin: 2, connection: 'nobody' }, { tags: 'fail-fast' });
    a.send(marker);
    expect((await a.next()).uid).toBe(marker.uid);
    await using b = await custody(2);
    const got: string[] = [];
    while (got.length < 300) got.push((await b.next()).uid);
    expect(got).toEqual(envelopes.map(({ uid }) => uid));
    expect(b.frames.map((frame) => frame.envelopes.length)).toEqual([128, 128, 44]);
  });
});

describe('an object that sleeps', () => {
  it('starts a new epoch, and says from which sequence on it knows its client', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const before = a.send(from1(address(2)));
    const first = await b.next();
    b.acknowledge(first.sequence);
    expect(await a.outcome(before)).toBe('delivered');
    await network.relay.evict(1);
    await network.relay.evict(2);
    const after = a.send(from1(address(2)));
    const second = await b.next();
    expect(second).toMatchObject({ sequence: 1 });
    expect(second.epoch).not.toBe(first.epoch);
    b.acknowledge(second.sequence);
    expect(await a.outcome(after)).toBe('delivered');
    expect(a.epoch).not.toBe(a.acceptance.epoch);
    expect(a.frames.at(-1)?.since).toBe(after);
  });

  it('may sleep while something is in flight: its sender sends again', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sent = from1(address(2));
    const sequence = a.send(sent);
    const first = await b.next();
    await network.relay.evict(2);
    b.acknowledge(first.sequence, first.sequence, { epoch: first.epoch });
    await settled(b, 2);
    expect(a.told(sequence)).toBeUndefined();
    const again = a.send(sent);
    const second = await b.next();
    expect(second.uid).toBe(sent.uid);
    b.acknowledge(second.sequence);
    expect(await a.outcome(again)).toBe('delivered');
  });

  it('takes no receipt for frames of another epoch', async () => {
    await using a = await custody(1);
    await using b = await custody(2);
    const sequence = a.send(from1(address(2)));
    const got = await b.next();
    b.acknowledge(got.sequence, got.sequence, { epoch: got.epoch + 1 });
    await settled(b, 2);
    await settled(a, 1);
    expect(a.told(sequence)).toBeUndefined();
    b.acknowledge(got.sequence);
    expect(await a.outcome(sequence)).toBe('delivered');
  });
});

it('costs no row on the fast path: what is delivered and acknowledged is stored nowhere', async () => {
  await using a = await custody(1);
  await using b = await custody(2);
  const exchange = async () => {
    const sequence = a.send(from1(address(2)));
    const got = await b.next();
    const reply = request(address(2), address(1), { uid: got.uid, content: { kind: 'response' } });
    const back = b.sendWith([{ first: got.sequence, last: got.sequence, outcome: 'delivered' }], reply);
    const answer = await a.next();
    a.acknowledge(answer.sequence);
    expect(await b.outcome(back)).toBe('delivered');
    expect(await a.outcome(sequence)).toBe('delivered');
  };
  await exchange();
  const { objects } = await useOf(network.relay, async () => {
    for (let n = 0; n < 20; n += 1) await exchange();
  });
  expect(objects.TwinObject).toMatchObject({ rowsWritten: 0, alarms: 0 });
});
