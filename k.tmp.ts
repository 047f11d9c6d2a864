
import { startDevChain } from './dev-chain/dev-chain.ts';
import { identityOf } from './proto/identity.ts';
import { startEchoLoad } from './test/rig/echo-load.ts';
import { type KillableRelay, startKillableRelay } from './test/rig/killable-relay.ts';

/** Of each of the two loads. */
const REQUESTS = 5_000;
const TTL = 45;
const BETWEEN_KILLS_MS = 2_500;

const main = async () => {
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
  const load = { count: REQUESTS, window: 300, ttl: TTL, patienceMs: 25_000 };
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
  for (let victim = a; !isOver; victim = victim === a ? b : a) {
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, BETWEEN_KILLS_MS))]);
    console.log(loads.map(l=>l.done), ((performance.now()-began)/1000).toFixed(1)); if (isOver) break; if (process.env.NOKILL) continue;
    await victim.restart();
    kills += 1;
  }
  const reports = await all;
  const { execSync } = await import('node:child_process');
  await a.kill9(); await b.kill9();
  execSync(`rm -rf /tmp/fedA /tmp/fedB; cp -r ${a.persist} /tmp/fedA; cp -r ${b.persist} /tmp/fedB`);

  const seconds = (performance.now() - began) / 1000;
  console.log(`federation under ${kills} kills, ${seconds.toFixed(0)} s`, JSON.stringify(reports.map(r=>({...r,lost:r.lost.length}))), a.said.join('\n'), b.said.join('\n'));
  for (const report of reports) {
    const refused = Object.values(report.errors).reduce((sum, each) => sum + each, 0);
  }
};
await main();
