import { afterAll, beforeAll, describe, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import type { CustodyFrame } from '../../proto/custody/frame.ts';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { identityOfTwin } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type CustodyClient, joinCustody } from '../rig/relay/custody-client.ts';
import { bundleMetered, quiet } from '../rig/relay/metered.ts';
import { expectWithin, spend } from '../rig/relay/spending.ts';
import { startTwoRelays, type TwoRelays } from '../rig/relay/two-relays.ts';

const payload = { kind: 'plain' as const, bytes: new Uint8Array(256) };

let relays: TwoRelays;
let caller: CustodyClient;
let service: CustodyClient;
beforeAll(async () => {
  const limits = { RATE_LIMIT_MESSAGES: '10000000', RATE_LIMIT_BYTES: String(2 ** 40) };
  relays = await startTwoRelays(limits, bundleMetered);
  caller = await joinCustody(relays.a.wsUrl, 1, await identityOfTwin(1));
  service = await joinCustody(relays.a.wsUrl, 2, await identityOfTwin(2));
});
afterAll(async () => {
  await caller[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await relays[Symbol.asyncDispose]();
});

/** Envelopes from one twin to the other. */
async function make(count: number, from: number, to: number): Promise<Uint8Array[]> {
  const identity = await identityOfTwin(from);
  const one = async () => signEnvelope(request({ twin: from }, { twin: to }, { payload }), identity);
  return Promise.all(Array.from({ length: count }, async () => encodeEnvelope(await one())));
}

/** Takes a burst. Returns its receipts, which ride on the next frame. */
async function take(from: CustodyClient, burst: number): Promise<CustodyFrame['receipts']> {
  let first = 0;
  let last = 0;
  for (let n = 0; n < burst; n += 1) {
    const { sequence } = await from.next();
    first ||= sequence;
    last = sequence;
  }
  return [{ first, last, outcome: 'delivered' }];
}

let receipts: CustodyFrame['receipts'] = [];

/** Exchanges messages, `burst` of them to each side and back, and the next when nothing is left to do. */
async function exchange(messages: number, burst: number): Promise<void> {
  const there = await make(messages / 2, 1, 2);
  const back = await make(messages / 2, 2, 1);
  for (let at = 0; at < there.length; at += burst) {
    caller.sendWith(receipts, ...there.slice(at, at + burst));
    service.sendWith(await take(service, burst), ...back.slice(at, at + burst));
    receipts = await take(caller, burst);
    if (burst === 1) await quiet(relays.a);
  }
}

describe('with custody, a message costs no more than docs/cost.md says:', () => {
  it.each([
    ['onlineCustody', 3200, 32],
    ['onlineCustodySingly', 100, 1],
  ] as const)('%s', async (name, messages, burst) => {
    await exchange(2 * burst, burst);
    expectWithin(name, messages, [await spend([relays.a], () => exchange(messages, burst))]);
  });
});
