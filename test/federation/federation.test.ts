import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import type { Client } from '../rig/clients/client.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { startOddRelay } from '../rig/relay/odd-relay.ts';
import { startTwoRelays, type TwoRelays } from '../rig/relay/two-relays.ts';
import { until } from '../rig/until.ts';

let relays: TwoRelays;
let one: Client;
let four: Client;
beforeAll(async () => {
  relays = await startTwoRelays();
  one = await relays.join(relays.a, 1);
  four = await relays.join(relays.b, 4);
});
afterAll(async () => {
  await one[Symbol.asyncDispose]();
  await four[Symbol.asyncDispose]();
  await relays[Symbol.asyncDispose]();
});

/** A signed request of a twin, as bytes. */
async function signed(from: number, to: number, fields: Parameters<typeof request>[2] = {}): Promise<Uint8Array> {
  return encodeEnvelope(await signEnvelope(request({ twin: from }, { twin: to }, fields), await identityOfTwin(from)));
}

describe('federation between two relays', () => {
  it('delivers a request and its answer byte for byte', async () => {
    const sent = await signed(1, 4);
    one.send(sent);
    expect(Buffer.compare(await four.nextBytes(), sent)).toBe(0);
    const answer = await signed(4, 1, { content: { kind: 'response' } });
    four.send(answer);
    expect(Buffer.compare(await one.nextBytes(), answer)).toBe(0);
  });

  it('delivers 15 MiB', async () => {
    const sent = await signed(1, 4, { payload: { kind: 'plain', bytes: new Uint8Array(15 * 2 ** 20).fill(7) } });
    one.send(sent);
    expect(Buffer.compare(await four.nextBytes(), sent)).toBe(0);
  });

  it('delivers each message of a burst once', async () => {
    const sent = await Promise.all(Array.from({ length: 200 }, (_, n) => signed(1, 4, { uid: `burst-${n}` })));
    for (const each of sent) one.send(each);
    const uids = new Set<string>();
    for (let n = 0; n < sent.length; n += 1) uids.add((await four.next()).uid);
    expect([uids.size, four.waiting]).toEqual([200, 0]);
  });

  it('stores messages for an offline twin at its relay', async () => {
    const sent = await signed(1, 5);
    one.send(sent);
    await until('the delivery', () => delivered(5));
    await using five = await relays.join(relays.b, 5);
    expect(Buffer.compare(await five.nextBytes(), sent)).toBe(0);
  });

  it('refuses a fail-fast request to an offline twin, and an unsigned one, at once', async () => {
    const rejected = (why: string) => ({
      kind: 'error',
      code: 0,
      message: `remote relay rejected permanently: ${why}`,
    });
    one.send(await signed(1, 6, { uid: 'fast', tags: 'fail-fast' }));
    expect(await one.next()).toMatchObject({ uid: 'fast', content: rejected('destination offline') });
    one.send(request({ twin: 1 }, { twin: 4 }, { uid: 'unsigned' }));
    const content = rejected('it does not accept the sender or its signature');
    expect(await one.next()).toMatchObject({ uid: 'unsigned', content });
  });

  /** Whether twin 1's object has brought away all that it had for a twin: a later message to it has arrived. */
  async function delivered(twin: number): Promise<boolean> {
    one.send(await signed(1, twin, { uid: 'probe', tags: 'fail-fast', timestamp: 1n }));
    return (await one.next()).uid === 'probe';
  }
});

describe('a twin of an unreachable relay', () => {
  it('is served here as soon as it connects here', async () => {
    await using dead = await startOddRelay(503);
    await relays.settle(50, dead.domain, 2);
    const sent = await signed(1, 50);
    one.send(sent);
    await until('a POST', () => dead.got.length > 0);
    await relays.settle(2, dead.domain);
    const unreachable = await signed(1, 2);
    one.send(unreachable);
    await using two = await relays.join(relays.a, 2);
    expect(Buffer.compare(await two.nextBytes(), unreachable)).toBe(0);
    expect(one.waiting).toBe(0);
  });
});
