import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { post } from '../rig/clients/post.ts';
import { request } from '../rig/envelopes/envelopes.ts';

/** A twin at home at another relay. */
const FOREIGN = { twin: 5 };

let network: Network;
beforeAll(async () => {
  network = await startNetwork({ MAX_ENVELOPE_BYTES: '1048576', FEDERATION_VERIFY: 'off' });
  await network.settle(5, 'other.example');
});
afterAll(() => network[Symbol.asyncDispose]());

describe('FEDERATION_VERIFY=off', () => {
  it('takes unsigned and expired envelopes, as the Rust relay does', async () => {
    await using b = await network.join(2);
    for (const fields of [{}, { timestamp: 1n }, { source: { twin: 999_999 } }]) {
      const bytes = encodeEnvelope(request(FOREIGN, { twin: 2 }, fields));
      expect(await post(network, bytes)).toMatchObject({ status: 202, body: '' });
      expect(Buffer.compare(await b.nextBytes(), bytes)).toBe(0);
    }
  });

  it('still refuses size, form, loops, twin 0 and strangers', async () => {
    const plain = encodeEnvelope(request(FOREIGN, { twin: 2 }));
    expect(await post(network, new Uint8Array(2 ** 20 + 1))).toMatchObject({ status: 400 });
    expect(await post(network, new Uint8Array([255]))).toMatchObject({ status: 400 });
    expect(await post(network, plain, { headers: { 'rmb-via': `127.0.0.1:${network.relay.port}` } })).toMatchObject({
      status: 421,
    });
    expect(await post(network, encodeEnvelope(request({ twin: 0 }, { twin: 2 })))).toMatchObject({ status: 403 });
    expect(await post(network, encodeEnvelope(request(FOREIGN, { twin: 777_777 })))).toMatchObject({ status: 404 });
  });
});
