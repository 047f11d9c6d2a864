import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLife } from '../../tools/conformance/stage/life.ts';
import type { Network } from '../rig/chain/network.ts';
import { request } from '../rig/envelopes/envelopes.ts';
import { type Federating, startFederating } from '../rig/relay/federating.ts';
import { type OddRelay, startOddRelay } from '../rig/relay/odd-relay.ts';
import { until } from '../rig/until.ts';

const EXPIRED = { kind: 'error', code: 0, message: 'message has expired' };

let federating: Federating;
let network: Network;
let good: OddRelay;
let twinAt: Federating['twinAt'];
let joined: Federating['joined'];
beforeAll(async () => {
  federating = await startFederating();
  ({ network, good, twinAt, joined } = federating);
});
afterAll(() => federating[Symbol.asyncDispose]());

describe('a sender', () => {
  it('reads at once that a request has expired, and nothing of a response', async () => {
    const { client, self } = await joined('late');
    const twin = await twinAt(good.domain);
    client.send(request(self, { twin }, { timestamp: 1n, content: { kind: 'response' } }));
    const sent = request(self, { twin }, { timestamp: 1n });
    client.send(sent);
    expect(await client.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
  });

  it('finds the error in its mailbox when it was away', async () => {
    await withLife(
      4,
      async (seconds) => {
        await using relay = await startOddRelay('hang');
        const twin = await twinAt(relay.domain);
        const away = await network.join(2, 'away');
        const sent = request({ twin: 2, connection: 'away' }, { twin }, { expiration: BigInt(seconds) });
        away.send(sent);
        await until('a POST or an error', () => relay.got.length + away.waiting > 0);
        const isTooLate = away.waiting > 0;
        await away[Symbol.asyncDispose]();
        if (isTooLate) return 'expired before it went';
        await network.relay.evict(2);
        await using back = await network.join(2, 'away');
        expect(await back.next()).toMatchObject({ uid: sent.uid, content: EXPIRED });
        return 'in the mailbox';
      },
      (outcome) => outcome !== 'in the mailbox',
    );
  });

  it('reads that no relay is reachable when the relay string names no host', async () => {
    const { client, self } = await joined('nowhere');
    client.send(request(self, { twin: await twinAt('what is this/') }));
    expect((await client.next()).content).toMatchObject({ message: 'no relay of this twin is reachable from here' });
  });
});

describe('federation slots', () => {
  it('are two for a relay and six in all, so a relay that hangs leaves four to others', async () => {
    await using stack = new AsyncDisposableStack();
    let total = 0;
    const relays: OddRelay[] = [];
    const count = () => {
      total = Math.max(
        total,
        relays.reduce((sum, { open }) => sum + open, 0),
      );
    };
    const dead = stack.use(await startOddRelay('hang', count));
    const slow: OddRelay[] = [];
    for (let n = 0; n < 4; n += 1) slow.push(stack.use(await startOddRelay(202, count)));
    relays.push(dead, ...slow);
    for (const relay of slow) relay.delay = 30;
    const { client, self } = await joined('slots');
    const deadTwin = await twinAt(dead.domain);
    for (let n = 0; n < 20; n += 1) client.send(request(self, { twin: deadTwin }, { expiration: 600n }));
    await until('two POSTs under way', () => dead.open === 2);
    const twins = await Promise.all(slow.flatMap(({ domain }) => [twinAt(domain), twinAt(domain)]));
    for (let n = 0; n < 10; n += 1) for (const twin of twins) client.send(request(self, { twin }));
    await until('20 POSTs at each relay', () => slow.every(({ got }) => got.length === 20));
    for (const { most } of [dead, ...slow]) expect(most).toBeLessThanOrEqual(2);
    expect(total).toBeLessThanOrEqual(6);
  });
});
