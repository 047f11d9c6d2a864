import { expect, it } from 'vitest';
import { startDevChain } from '../dev-chain/dev-chain.ts';
import { identityOf } from '../proto/identity.ts';
import { startEchoLoad } from './rig/echo-load.ts';
import { type KillableRelay, startKillableRelay } from './rig/killable-relay.ts';

/** Of each of the two loads. */
const REQUESTS = 5_000;
const TTL = 45;
const BETWEEN_KILLS_MS = 2_500;
/** Kills begin within this time only, so that the suite's own time has an end. */
const KILLING_MS = 40_000;

it('10,000 requests between twins of two relays are all answered or refused while either relay is killed again and again', async () => {
  await using stack = new AsyncDisposableStack();
  const chain = stack.adopt(await startDevChain({ blockTimeMs: 1000 }), (each) => each.close());
  const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http' };
  const [a, b] = await Promise.all([startKillableRelay({ settings }), startKillableRelay({ settings })]);
  stack.use(a);
  stack.use(b);
  const placed = async (twin: number, { port, wsUrl }: KillableRelay) => {
    const identity = await identityOf(`0x${twin.toString(16).padStart(64, '0')}`, 'ed25519');
    if (!identity.ok) throw new Error('bad seed');
    const account = `0x${Buffer.from(identity.value.account).toString('hex')}` as const;
    chain.putTwin({ id: twin, account, relay: `localhost:${port}`, pk: null });
    return { twin, identity: identity.value, url: wsUrl };
  };
  const [caller, service] = [await placed(101, a), await placed(102, b)];
  const [otherCaller, otherService] = [await placed(103, b), await placed(104, a)];
  const load = { count: REQUESTS, window: 300, ttl: TTL, patienceMs: (TTL + 10) * 1000 };
  const began = performance.now();
  const loads = [
    stack.use(startEchoLoad(caller, service, load)),
    stack.use(startEchoLoad(otherCaller, otherService, load)),
  ];
  let isOver = false;
  const all = Promise.all(loads.map(({ settled }) => settled)).finally(() => {
    isOver = true;
  });
  let kills = 0;
  for (let victim = a; performance.now() - began < KILLING_MS; victim = victim === a ? b : a) {
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, BETWEEN_KILLS_MS))]);
    if (isOver) break;
    await victim.restart();
    kills += 1;
  }
  const reports = await all;
  const seconds = (performance.now() - began) / 1000;
  console.log(`federation under ${kills} kills, ${seconds.toFixed(0)} s`, JSON.stringify(reports));
  expect(kills).toBeGreaterThan(2);
  for (const report of reports) {
    expect(report).toMatchObject({ lost: [], strays: [] });
    const refused = Object.values(report.errors).reduce((sum, each) => sum + each, 0);
    expect(report.answered + refused).toBeGreaterThanOrEqual(REQUESTS);
  }
}, 180_000);
