import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../proto/envelope.ts';
import { signEnvelope } from '../proto/signature.ts';
import type { Client } from './rig/client.ts';
import { request } from './rig/envelopes.ts';
import { devIdentity, startTwoRelays, type TwoRelays } from './rig/two-relays.ts';

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

/** A signed request of a twin. */
async function signed(from: number, to: number, fields: Parameters<typeof request>[2] = {}) {
  return signEnvelope(request({ twin: from }, { twin: to }, fields), await devIdentity(from));
}

describe('between two relays', () => {
  it('a request and its answer arrive, byte for byte', async () => {
    const sent = encodeEnvelope(await signed(1, 4));
    one.send(sent);
    expect(Buffer.compare(await four.nextBytes(), sent)).toBe(0);
    const answer = encodeEnvelope(await signed(4, 1, { content: { kind: 'response' } }));
    four.send(answer);
    expect(Buffer.compare(await one.nextBytes(), answer)).toBe(0);
  });
});
