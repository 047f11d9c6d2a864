import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Envelope } from '../../proto/envelope/envelope.ts';
import { type Network, startNetwork } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { bundleCapped, callsTo, killObject, setCap } from '../rig/relay/capped.ts';
import { joinCustody } from '../rig/relay/custody-client.ts';
import { until } from '../rig/until.ts';

// A twin whose object takes few calls a second, on workerd. Twins 1 and 3 send to twin 2.

const HOT = '2';
/** Calls a second, and messages: more than the object takes at once. */
const [RATE, COUNT] = [40, 40];
const ANY = 1_000_000;

let network: Network;
beforeAll(async () => {
  network = await startNetwork({}, bundleCapped);
});
afterAll(() => network[Symbol.asyncDispose]());
afterEach(() => setCap(network.relay, HOT, ANY));

const asked = (from: number, uid: string, fields: Partial<Envelope> = {}) =>
  request({ twin: from }, { twin: Number(HOT) }, { uid, ...fields });
const custody = async (twin: number) => joinCustody(network.relay.wsUrl, twin, await network.identity(twin));
/** The gatherers of the hot twin that were called. */
const gatherers = async () => Object.keys(await callsTo(network.relay, `${HOT}/`));
const countOf = (metrics: string, name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);

describe('a twin whose object takes no more calls', () => {
  it('gets the messages of each sender in order, through its gatherer, and each is answered', async () => {
    await using service = await custody(2);
    await using one = await custody(1);
    await using three = await custody(3);
    await setCap(network.relay, HOT, RATE);
    const senders = [one, three];
    const sent = [1, 3].map((from) => Array.from({ length: COUNT }, (_, n) => `${from} ${n}`));
    const order: string[][] = [[], []];
    const serving = (async () => {
      for (let n = 0; n < senders.length * COUNT; n += 1) {
        const { uid, sequence } = await service.next();
        const from = Number(uid[0]);
        order[from === 1 ? 0 : 1]?.push(uid);
        const receipts = [{ first: sequence, last: sequence, outcome: 'delivered' as const }];
        service.sendWith(receipts, request({ twin: 2 }, { twin: from }, { uid, content: { kind: 'response' } }));
      }
    })();
    const asking = senders.map(async (sender, place) => {
      for (const uid of sent[place] ?? []) {
        const sequence = sender.send(asked(place === 0 ? 1 : 3, uid));
        const { uid: answered, sequence: got } = await sender.next();
        expect(answered).toBe(uid);
        sender.acknowledge(got);
        expect(await sender.outcome(sequence)).toBe('delivered');
      }
    });
    await Promise.all([...asking, serving]);
    expect(order).toEqual(sent);
    expect((await gatherers()).length).toBeGreaterThan(0);
    // Objects report their counts at the latest when their last session ends.
    await service[Symbol.asyncDispose]();
    const metrics = await until('the counts of gathered messages', async () => {
      const text = await (await fetch(`${network.relay.httpUrl}/metrics`)).text();
      return countOf(text, 'relay_gathered_messages_total') > 0 && text;
    });
    expect(countOf(metrics, 'relay_gathered_calls_total')).toBeGreaterThan(0);
  });

  it('loses nothing when a gatherer dies: a client with custody keeps the message, and a plain one gets an error', async () => {
    await using service = await custody(2);
    await using one = await custody(1);
    await using three = await network.join(3);
    await setCap(network.relay, HOT, 0);
    const first = one.send(asked(1, 'kept'));
    three.send(asked(3, 'told'));
    const names = await until('both gatherers', async () => {
      const called = await gatherers();
      return called.length === 2 && called;
    });
    let ends: [unknown, Envelope] | undefined;
    const ending = Promise.all([one.outcome(first), three.next()]).then((both) => {
      ends = both;
    });
    // One that gave its batch back just before is called again.
    await until('the end of both messages', async () => {
      for (const name of names) await killObject(network.relay, name);
      return ends !== undefined;
    });
    await ending;
    expect(ends?.[0]).toBe('undelivered');
    expect(ends?.[1]).toMatchObject({
      uid: 'told',
      content: { kind: 'error', message: 'destination could not be reached inside the relay, try again' },
    });
    await setCap(network.relay, HOT, ANY);
    const again = one.send(asked(1, 'kept'));
    const { uid, sequence } = await service.next();
    service.acknowledge(sequence);
    expect([uid, await one.outcome(again)]).toEqual(['kept', 'delivered']);
  });
});
