import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signEnvelope } from '../../proto/crypto/signature.ts';
import { type Envelope, encodeEnvelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleMutant } from '../rig/mutants/mutant.ts';
import { until } from '../rig/until.ts';

/** A twin at home at another relay. */
const FOREIGN = { twin: 5 };
/** An isolate without a memory: as if each POST reached another one. */
const FORGETFUL = {
  file: 'workers/federation/accepted-envelopes.ts',
  find: 'now < (this.#until.get(digest) ?? 0)',
  replace: 'now < (this.#until.get("nothing") ?? 0)',
};

let network: Network;
let forgetful: Network;
beforeAll(async () => {
  network = await startNetwork();
  forgetful = await startNetwork({}, (entry) => bundleMutant(entry, FORGETFUL));
  for (const each of [network, forgetful]) await each.settle(5, 'other.example');
});
afterAll(async () => {
  await network[Symbol.asyncDispose]();
  await forgetful[Symbol.asyncDispose]();
});

async function signed(to: Envelope['destination'], fields: Partial<Envelope> = {}): Promise<Uint8Array<ArrayBuffer>> {
  const envelope = request(FOREIGN, to, fields);
  return new Uint8Array(encodeEnvelope(await signEnvelope(envelope, await network.identity(FOREIGN.twin))));
}

/** POSTs a body so many times, ten at once; the statuses that came. */
async function postAgain(to: Network, body: Uint8Array<ArrayBuffer>, times: number): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let done = 0; done < times; done += 10) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(10, times - done) }, () => fetch(to.relay.httpUrl, { method: 'POST', body })),
    );
    for (const answer of answers) {
      statuses.add(answer.status);
      await answer.arrayBuffer();
    }
  }
  return statuses;
}

describe('one signed envelope', () => {
  it('is delivered at most four times when it is POSTed 3,000 times', async () => {
    await using b = await network.join(2, 'flood');
    const to = { twin: 2, connection: 'flood' };
    expect(await postAgain(network, await signed(to), 3000)).toEqual(new Set([202]));
    const behind = await signed(to);
    expect(await postAgain(network, behind, 1)).toEqual(new Set([202]));
    let delivered = 0;
    while (Buffer.compare(await b.nextBytes(), behind) !== 0) delivered += 1;
    expect(delivered).toBeGreaterThanOrEqual(1);
    expect(delivered).toBeLessThanOrEqual(4);
    await until('the repeats to be counted', async () => {
      const text = await (await fetch(`${network.relay.httpUrl}/metrics`)).text();
      return /^relay_messages_dropped_total\{reason="repeat"\} \d+$/m.test(text);
    });
  });

  it('is delivered four times by isolates that have not seen it, because a lost 202 makes a relay repeat it', async () => {
    await using b = await forgetful.join(2, 'lost');
    const to = { twin: 2, connection: 'lost' };
    expect(await postAgain(forgetful, await signed(to), 30)).toEqual(new Set([202]));
    const behind = await signed(to);
    await postAgain(forgetful, behind, 1);
    let delivered = 0;
    while (Buffer.compare(await b.nextBytes(), behind) !== 0) delivered += 1;
    expect(delivered).toBe(4);
  });

  it('is stored in a mailbox once', async () => {
    const to = { twin: 3, connection: 'mail' };
    const bytes = await signed(to);
    expect(await postAgain(forgetful, bytes, 30)).toEqual(new Set([202]));
    const behind = await signed(to);
    await postAgain(forgetful, behind, 1);
    await using c = await forgetful.join(3, 'mail');
    expect(Buffer.compare(await c.nextBytes(), bytes)).toBe(0);
    expect(Buffer.compare(await c.nextBytes(), behind)).toBe(0);
  });

  it('is examined again after a refusal', async () => {
    const to = { twin: 6, connection: 'late' };
    await network.settle(6, 'other.example');
    const bytes = await signed(to);
    expect(await postAgain(network, bytes, 2)).toEqual(new Set([404]));
    await using f = await network.join(6, 'late');
    expect(await postAgain(network, bytes, 2)).toEqual(new Set([202]));
    expect(Buffer.compare(await f.nextBytes(), bytes)).toBe(0);
  });
});
