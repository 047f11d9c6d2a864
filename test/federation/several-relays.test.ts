import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { freePort } from '../../tools/local-relay/port.ts';
import type { LocalRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type OddRelay, startOddRelay } from '../rig/relay/odd-relay.ts';
import { at, type SeveralRelays, startSeveralRelays } from '../rig/relay/several-relays.ts';
import { until } from '../rig/until.ts';

// A twin that names several relays on chain, and is connected to one of them, or to none.

/** The key of all twins of this file. */
const KEY = 6;

let relays: SeveralRelays;
let a: LocalRelay;
let b: LocalRelay;
/** Callers: twin 1 at A, twin 2 at B, twin 3 at C. */
let callers: readonly [Client, Client, Client];
let lastTwin = 200;
beforeAll(async () => {
  relays = await startSeveralRelays();
  ({ a, b } = relays);
  await relays.settle(999, null, KEY);
  callers = await Promise.all([relays.join(a, 1), relays.join(b, 2), relays.join(relays.c, 3)]);
});
afterAll(async () => {
  for (const each of callers ?? []) await each[Symbol.asyncDispose]();
  await relays?.[Symbol.asyncDispose]();
});

/** Returns a new twin at home at these relays. */
async function twinAt(...domains: readonly string[]): Promise<number> {
  lastTwin += 1;
  await relays.settle(lastTwin, domains.join('_'), KEY);
  return lastTwin;
}

const join = (relay: LocalRelay, twin: number) => relays.join(relay, twin, undefined, KEY);

/** A signed request of caller `from`. */
async function signed(from: number, twin: number, fields: Parameters<typeof request>[2] = {}): Promise<Uint8Array> {
  return encodeEnvelope(await signEnvelope(request({ twin: from }, { twin }, fields), await identityOfTwin(from)));
}

/** Sends caller `from`'s requests, one for each uid. */
async function send(from: 1 | 2 | 3, twin: number, ...uids: readonly string[]): Promise<void> {
  const caller = callers[from - 1];
  for (const uid of uids) caller?.send(await signed(from, twin, { uid }));
}

/** Resolves when all that twin 1 sent to an absent twin of A is delivered or stored: a later request was refused. */
async function settled(twin: number): Promise<void> {
  const uid = `probe-${twin}`;
  callers[0].send(await signed(1, twin, { uid, tags: 'fail-fast' }));
  expect(await callers[0].next()).toMatchObject({ uid });
}

/** The uids of the next requests that a client gets. */
async function uidsOf(client: Client, count: number): Promise<string[]> {
  const uids: string[] = [];
  for (let n = 0; n < count; n += 1) uids.push((await client.next()).uid);
  return uids;
}

const ERROR = (message: string) => ({ kind: 'error', code: 0, message });

describe('a twin of relays A and B, connected only to B', () => {
  it('is reached by callers at A, at B and at a third relay', async () => {
    const twin = await twinAt(at(a, b));
    const there = await join(b, twin);
    for (const from of [1, 2, 3] as const) {
      const uids = [0, 1, 2].map((n) => `reach-${from}-${n}`);
      await send(from, twin, ...uids);
      expect((await uidsOf(there, 3)).toSorted()).toEqual(uids);
    }
    expect(there.waiting).toBe(0);
    await there[Symbol.asyncDispose]();
    // Nothing is in the mailbox at A: it would come before this.
    await using atA = await join(a, twin);
    await send(1, twin, 'last');
    expect(await uidsOf(atA, 1)).toEqual(['last']);
  });

  it('gets a fail-fast request from each of them', async () => {
    const twin = await twinAt(at(a, b));
    await using there = await join(b, twin);
    for (const from of [1, 2, 3] as const) {
      callers[from - 1]?.send(await signed(from, twin, { uid: `fast-${from}`, tags: 'fail-fast' }));
      expect(await uidsOf(there, 1)).toEqual([`fast-${from}`]);
    }
  });

  it('is reached as soon as its session changed from A to B', async () => {
    const twin = await twinAt(at(a, b));
    const here = await join(a, twin);
    await send(1, twin, 'before');
    expect(await uidsOf(here, 1)).toEqual(['before']);
    await here[Symbol.asyncDispose]();
    await using there = await join(b, twin);
    await send(1, twin, 'behind');
    expect(await uidsOf(there, 1)).toEqual(['behind']);
  });
});

describe('a twin of relays A and B, connected to none', () => {
  it('finds requests of a caller at A in one mailbox, in order and once', async () => {
    const twin = await twinAt(at(a, b));
    const uids = Array.from({ length: 200 }, (_, n) => `order-${n}`);
    await send(1, twin, ...uids);
    await settled(twin);
    await using there = await join(b, twin);
    await using here = await join(a, twin);
    expect(await uidsOf(here, uids.length)).toEqual(uids);
    expect([here.waiting, there.waiting]).toEqual([0, 0]);
  });

  it('gets a request of a caller at a third relay once, from one of them', async () => {
    const twin = await twinAt(at(a, b));
    await send(3, twin, 'third');
    await using here = await join(a, twin);
    await using there = await join(b, twin);
    await until('the request', () => here.waiting + there.waiting > 0);
    expect(await uidsOf(here.waiting > 0 ? here : there, 1)).toEqual(['third']);
    // A second copy would be in a mailbox, and come before these.
    await send(1, twin, 'to-a');
    await send(2, twin, 'to-b');
    expect([await uidsOf(here, 1), await uidsOf(there, 1)]).toEqual([['to-a'], ['to-b']]);
  });

  it('refuses a fail-fast request to every caller', async () => {
    const twin = await twinAt(at(a, b));
    const remote = 'remote relay rejected permanently: destination offline';
    for (const [from, why] of [
      [1, 'destination offline'],
      [2, 'destination offline'],
      [3, remote],
    ] as const) {
      const uid = `refused-${from}`;
      callers[from - 1]?.send(await signed(from, twin, { uid, tags: 'fail-fast' }));
      expect(await callers[from - 1]?.next()).toMatchObject({ uid, content: ERROR(why) });
    }
    await using here = await join(a, twin);
    await using there = await join(b, twin);
    await send(1, twin, 'to-a');
    await send(2, twin, 'to-b');
    expect([await uidsOf(here, 1), await uidsOf(there, 1)]).toEqual([['to-a'], ['to-b']]);
  });
});

describe('a twin of this relay and of one that is not our software', () => {
  /** Posts of a foreign relay for a twin. */
  const got = (relay: OddRelay) => relay.got.map(({ uid }) => uid);

  it('is reached there, because the other relay takes what it gets', async () => {
    await using rust = await startOddRelay(202);
    const twin = await twinAt(at(a), rust.domain);
    await send(1, twin, 'foreign');
    await until('the POST', () => rust.got.length > 0);
    await using here = await join(a, twin);
    await send(1, twin, 'straight');
    expect(await uidsOf(here, 1)).toEqual(['straight']);
    expect(got(rust)).toEqual(['foreign']);
  });

  it.each([404, 500, 403, 200] as const)('has its mail here when the other relay answers %s', async (status) => {
    await using other = await startOddRelay(status);
    const twin = await twinAt(at(a), other.domain);
    await send(1, twin, `kept-${status}`);
    await settled(twin);
    await using here = await join(a, twin);
    expect(await uidsOf(here, 1)).toEqual([`kept-${status}`]);
    expect(callers[0].waiting).toBe(0);
  });

  it('has its mail here when the other relay is dead', async () => {
    const twin = await twinAt(at(a), `localhost:${await freePort()}`);
    await send(1, twin, 'kept-dead');
    await settled(twin);
    await using here = await join(a, twin);
    expect(await uidsOf(here, 1)).toEqual(['kept-dead']);
  });

  it('is found here first by a caller of a third relay that knows which relay runs RMB edge', async () => {
    await using rust = await startOddRelay(202);
    const known = await twinAt(at(a));
    await using first = await join(a, known);
    await send(3, known, 'acquaints');
    expect(await uidsOf(first, 1)).toEqual(['acquaints']);
    const twin = await twinAt(rust.domain, at(a));
    await using here = await join(a, twin);
    await send(3, twin, 'to-edge');
    expect(await uidsOf(here, 1)).toEqual(['to-edge']);
    expect(got(rust)).toEqual([]);
    await here[Symbol.asyncDispose]();
    await send(3, twin, 'to-foreign');
    await until('the POST', () => rust.got.length > 0);
    expect(got(rust)).toEqual(['to-foreign']);
  });

  it('is refused only when every relay says 404', async () => {
    await using one = await startOddRelay(404);
    await using two = await startOddRelay(404);
    const twin = await twinAt(one.domain, two.domain);
    await send(3, twin, 'nowhere');
    const content = ERROR('remote relay rejected permanently: destination offline');
    expect(await callers[2].next()).toMatchObject({ uid: 'nowhere', content });
    expect([got(one), got(two)]).toEqual([['nowhere'], ['nowhere']]);
    await using third = await startOddRelay(202);
    await send(3, await twinAt(one.domain, third.domain), 'moves-on');
    await until('the POST', () => third.got.length > 0);
    expect(got(third)).toEqual(['moves-on']);
  });
});
