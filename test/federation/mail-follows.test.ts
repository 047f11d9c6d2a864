import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import type { LocalRelay } from '../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { post } from '../rig/clients/post.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { at, type SeveralRelays, startSeveralRelays } from '../rig/relay/several-relays.ts';

// Mail of a twin whose session is at another relay by now.

/** The key of all receivers of this file. */
const KEY = 6;

let relays: SeveralRelays;
let a: LocalRelay;
let b: LocalRelay;
/** Twin 1, at home at A. */
let caller: Client;
let lastTwin = 300;
beforeAll(async () => {
  relays = await startSeveralRelays();
  ({ a, b } = relays);
  await relays.settle(999, null, KEY);
  caller = await relays.join(a, 1);
});
afterAll(async () => {
  await caller?.[Symbol.asyncDispose]();
  await relays?.[Symbol.asyncDispose]();
});

async function twinAt(relay: string): Promise<number> {
  lastTwin += 1;
  await relays.settle(lastTwin, relay, KEY);
  return lastTwin;
}

const join = (relay: LocalRelay, twin: number) => relays.join(relay, twin, undefined, KEY);

async function signed(twin: number, fields: Parameters<typeof request>[2] = {}): Promise<Uint8Array> {
  return encodeEnvelope(
    await signEnvelope(request({ twin: 1 }, { twin }, { expiration: 600n, ...fields }), await identityOfTwin(1)),
  );
}

/** Has the mailbox at A store these. */
async function leave(twin: number, uids: readonly string[]): Promise<void> {
  for (const uid of uids) caller.send(await signed(twin, { uid }));
  const uid = `probe-${twin}`;
  caller.send(await signed(twin, { uid, tags: 'fail-fast' }));
  expect((await caller.next()).uid).toBe(uid);
}

async function uidsOf(client: Client, count: number): Promise<string[]> {
  const uids: string[] = [];
  for (let n = 0; n < count; n += 1) uids.push((await client.next()).uid);
  return uids;
}

describe('mail of a twin that moved from A to B', () => {
  it('arrives at B, all of it, in order and once, and nothing stays at A', async () => {
    const twin = await twinAt(at(a));
    const uids = Array.from({ length: 300 }, (_, n) => `moved-${n}`);
    await leave(twin, uids);
    await using there = await join(b, twin);
    await relays.settle(twin, at(b), KEY);
    expect(await uidsOf(there, uids.length)).toEqual(uids);
    await using here = await join(a, twin);
    caller.send(await signed(twin, { uid: 'straight' }));
    expect(await uidsOf(here, 1)).toEqual(['straight']);
    expect(there.waiting).toBe(0);
  });

  it('is there when the twin connects to B later', async () => {
    const twin = await twinAt(at(a));
    await leave(twin, ['waits']);
    await relays.settle(twin, at(b), KEY);
    await using there = await join(b, twin);
    expect(await uidsOf(there, 1)).toEqual(['waits']);
  });
});

describe('mail of a twin of A and B, whose session is only at B', () => {
  it('arrives at B although the twin was away when it was stored', async () => {
    const twin = await twinAt(at(a, b));
    await leave(twin, ['first', 'second']);
    await using there = await join(b, twin);
    expect(await uidsOf(there, 2)).toEqual(['first', 'second']);
  });

  it('arrives at B when a relay that is not our software brought it to A', async () => {
    const twin = await twinAt(at(a, b));
    await using there = await join(b, twin);
    const answer = await post({ relay: a }, await signed(twin, { uid: 'foreign' }));
    expect(answer).toMatchObject({ status: 202, headers: { 'rmb-outcome': 'stored' } });
    expect(await uidsOf(there, 1)).toEqual(['foreign']);
  });

  it('stays at A while the twin is connected to none, and is there when it connects', async () => {
    const twin = await twinAt(at(a, b));
    await leave(twin, ['stays']);
    await using here = await join(a, twin);
    expect(await uidsOf(here, 1)).toEqual(['stays']);
  });
});

describe('the answer to a POST', () => {
  it('says what became of the envelope, or that the session is away', async () => {
    const twin = await twinAt(at(a));
    const back = { headers: { 'rmb-if-away': 'return' } };
    const outcome = async (bytes: Uint8Array, posting = {}) => {
      const { status, headers } = await post({ relay: a }, bytes, posting);
      return [status, headers['rmb-outcome']];
    };
    expect(await outcome(await signed(twin), back)).toEqual([404, 'away']);
    const stored = await signed(twin);
    expect(await outcome(stored)).toEqual([202, 'stored']);
    expect(await outcome(stored, back)).toEqual([202, 'stored']);
    await using here = await join(a, twin);
    await here.next();
    expect(await outcome(await signed(twin), back)).toEqual([202, 'delivered']);
    expect(await outcome(new Uint8Array([255]))).toEqual([400, 'refused']);
    expect(await outcome(await signed(999_999))).toEqual([404, 'refused']);
  });
});
