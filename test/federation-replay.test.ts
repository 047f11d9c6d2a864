import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Envelope, encodeEnvelope } from '../proto/envelope.ts';
import { signEnvelope } from '../proto/signature.ts';
import { request } from './rig/envelopes.ts';
import { bundleMutant } from './rig/mutant.ts';
import { type Network, startNetwork } from './rig/network.ts';
import { until } from './rig/until.ts';

/** At home at a relay that is not ours. */
const FOREIGN = { twin: 5 };
/** An isolate without a memory: as if each POST reached another one. */
const FORGETFUL = {
  file: 'workers/answered.ts',
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
  it('POSTed three thousand times is delivered at most four times, and always answered 202', async () => {
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

  it('that reaches isolates which never saw it is delivered four times: a relay whose 202 was lost comes again', async () => {
    await using b = await forgetful.join(2, 'lost');
    const to = { twin: 2, connection: 'lost' };
    expect(await postAgain(forgetful, await signed(to), 30)).toEqual(new Set([202]));
    const behind = await signed(to);
    await postAgain(forgetful, behind, 1);
    let delivered = 0;
    while (Buffer.compare(await b.nextBytes(), behind) !== 0) delivered += 1;
    expect(delivered).toBe(4);
  });

  it('lies in a mailbox once', async () => {
    const to = { twin: 3, connection: 'mail' };
    const bytes = await signed(to);
    expect(await postAgain(forgetful, bytes, 30)).toEqual(new Set([202]));
    const behind = await signed(to);
    await postAgain(forgetful, behind, 1);
    await using c = await forgetful.join(3, 'mail');
    expect(Buffer.compare(await c.nextBytes(), bytes)).toBe(0);
    expect(Buffer.compare(await c.nextBytes(), behind)).toBe(0);
  });

  it('that was refused is looked at again', async () => {
    const to = { twin: 6, connection: 'late' };
    await network.settle(6, 'other.example');
    const bytes = await signed(to);
    expect(await postAgain(network, bytes, 2)).toEqual(new Set([404]));
    await using f = await network.join(6, 'late');
    expect(await postAgain(network, bytes, 2)).toEqual(new Set([202]));
    expect(Buffer.compare(await f.nextBytes(), bytes)).toBe(0);
  });
});
