import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Network, startNetwork } from '../../test/rig/chain/network.ts';
import { request } from '../../test/rig/envelopes/envelopes.ts';
import { until } from '../../test/rig/until.ts';

// The object on workerd: every part is connected to the next. The parts have tests of their own.

let network: Network;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network[Symbol.asyncDispose]());

describe('the object of a twin', () => {
  it('delivers between two of its own sessions, also after it hibernated', async () => {
    await using a = await network.join(1, 'a');
    await using b = await network.join(1, 'b');
    for (const hibernates of [false, true]) {
      if (hibernates) await network.relay.evict(1);
      const sent = request({ twin: 1, connection: 'a' }, { twin: 1, connection: 'b' });
      a.send(sent);
      expect((await b.next()).uid).toBe(sent.uid);
    }
  });

  it('reports a request for an unknown twin to its sender', async () => {
    await using a = await network.join(1);
    a.send(request({ twin: 1 }, { twin: 999_999 }));
    expect((await a.next()).content).toMatchObject({ kind: 'error', message: 'unknown twin destination' });
  });

  it('closes a session for a frame that is no envelope, and counts it', async () => {
    const a = await network.join(1);
    a.send('text');
    const { code } = await a.closed;
    await until('the count of the close', async () =>
      (await metrics()).includes(`relay_session_evictions_total{reason="protocol-${code}"} 1`),
    );
  });
});

async function metrics(): Promise<string> {
  return (await fetch(`${network.relay.httpUrl}/metrics`)).text();
}
