import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bus, connect } from '../../client/node.ts';
import { identityOf } from '../../proto/identity.ts';
import { type DevChain, startDevChain } from '../../tools/dev-chain/dev-chain.ts';
import { type KillableRelay, startKillableRelay } from '../rig/relay/killable-relay.ts';
import { type FaultProxy, startProxy } from '../rig/relay/proxy.ts';
import { until } from '../rig/until.ts';

/** The client against a real relay that dies, and over a network that loses everything: each call has its reply. */

const [CALLER, SERVICE] = [101, 102];
const LOADS = 8;

let chain: DevChain;
let relay: KillableRelay;
let proxy: FaultProxy;
beforeAll(async () => {
  chain = await startDevChain({ blockTimeMs: 1000 });
  relay = await startKillableRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl, RELAY_ALIASES: 'localhost' } });
  proxy = await startProxy({ port: relay.port });
  for (const twin of [CALLER, SERVICE]) {
    const account = `0x${Buffer.from((await identityOfTwin(twin)).account).toString('hex')}` as const;
    chain.putTwin({ id: twin, account, relay: `localhost:${relay.port}`, pk: null });
  }
  chain.makeBlocks(2);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await chain.close();
});

async function identityOfTwin(twin: number) {
  const identity = await identityOf(`0x${twin.toString(16).padStart(64, '0')}`, 'ed25519');
  if (!identity.ok) throw new Error(identity.error.detail);
  return identity.value;
}

const join = async (twin: number, port: number) =>
  connect({
    identity: await identityOfTwin(twin),
    chain: [chain.wsUrl],
    relays: [`ws://localhost:${port}`],
    sid: 'lasting',
    timeout: 120_000,
  });

/** On a busy machine a service takes longer than 5 s to come back. Until then "offline" is asked again. */
const PATIENT = { timeout: 120_000, offlineAfter: 120_000 };

/** Serves `test.echo`. Returns how often each request was seen. */
function serveEcho(service: Bus): Map<string, number> {
  const seen = new Map<string, number>();
  service.serve('test.echo', ({ data }) => {
    const text = new TextDecoder().decode(data);
    seen.set(text, (seen.get(text) ?? 0) + 1);
    return data;
  });
  return seen;
}

/** Calls without a pause until it is stopped; rejects when a call fails. */
function startLoad(caller: Bus) {
  let isStopped = false;
  const answered: string[] = [];
  const one = async (load: number) => {
    for (let n = 0; !isStopped; n += 1) {
      const text = `${load}.${n}`;
      expect(await caller.call(`${SERVICE}:lasting`, 'test.echo', text, PATIENT)).toBe(text);
      answered.push(text);
    }
  };
  const done = Promise.all(Array.from({ length: LOADS }, (_, load) => one(load)));
  const more = (count: number) => {
    const goal = answered.length + count;
    return until(`${count} more answers`, () => answered.length >= goal);
  };
  return {
    answered,
    more,
    stop: async () => {
      isStopped = true;
      await done;
    },
  };
}

describe('a client in custody', () => {
  it('gets each reply while the relay dies again and again, and its service sees each request once', async () => {
    await using service = await join(SERVICE, relay.port);
    await using caller = await join(CALLER, relay.port);
    expect(caller.state.custody).toEqual([`localhost:${relay.port}`]);
    const seen = serveEcho(service);
    const load = startLoad(caller);
    for (let kill = 0; kill < 2; kill += 1) {
      await load.more(100);
      await relay.restart();
    }
    await load.more(100);
    await load.stop();
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
    expect(load.answered.every((text) => seen.has(JSON.stringify(text)))).toBe(true);
    await until('the last receipts', () => caller.state.unacknowledged + service.state.unacknowledged === 0);
  });

  it('finds a network that loses everything while its sockets stay, and sends again what it lost', async () => {
    await using service = await join(SERVICE, relay.port);
    await using caller = await join(CALLER, proxy.port);
    const seen = serveEcho(service);
    const load = startLoad(caller);
    await load.more(100);
    proxy.blackhole('up', 'down');
    await until('the loss', () => [...caller.state.relays.values()].every(({ isUp }) => !isUp));
    proxy.restore();
    await load.more(100);
    await load.stop();
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
  });

  it('notices the loss when it only receives, and gets what came meanwhile', async () => {
    await using service = await join(SERVICE, proxy.port);
    await using caller = await join(CALLER, relay.port);
    const seen = serveEcho(service);
    proxy.blackhole('up', 'down');
    const call = caller.request(`${SERVICE}:lasting`, 'test.echo', '"kept"', { timeout: 120_000, failFast: false });
    await until('the loss', () => [...service.state.relays.values()].every(({ isUp }) => !isUp));
    proxy.restore();
    expect(new TextDecoder().decode((await call).data)).toBe('"kept"');
    expect([...seen]).toEqual([['"kept"', 1]]);
  });

  it('keeps a reply until its receipt: a socket that took it and lost it loses nothing', async () => {
    await using service = await join(SERVICE, proxy.port);
    await using caller = await join(CALLER, relay.port);
    let handled = 0;
    service.serve('test.lost', () => {
      handled += 1;
      // From now on nothing leaves.
      proxy.blackhole('up', 'down');
      return '"reply"';
    });
    const call = caller.request(`${SERVICE}:lasting`, 'test.lost', '"x"', { timeout: 120_000, failFast: false });
    await until('the request', () => handled === 1);
    await until('the loss', () => [...service.state.relays.values()].every(({ isUp }) => !isUp));
    proxy.restore();
    expect(new TextDecoder().decode((await call).data)).toBe('"reply"');
    expect(handled).toBe(1);
  });

  it('leaves nothing behind when it drains and closes: its receipts are given, and those of its envelopes have come', async () => {
    await using caller = await join(CALLER, relay.port);
    {
      await using service = await join(SERVICE, relay.port);
      serveEcho(service);
      await caller.request(`${SERVICE}:lasting`, 'test.echo', '"x"', { timeout: 120_000, failFast: false });
      await service.drain();
    }
    await until('the receipt', () => caller.state.unacknowledged === 0);
    await using again = await join(SERVICE, relay.port);
    const seen = serveEcho(again);
    await caller.request(`${SERVICE}:lasting`, 'test.echo', '"y"', { timeout: 120_000, failFast: false });
    expect([...seen.keys()]).toEqual(['"y"']);
  });
});
