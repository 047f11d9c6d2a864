import { identityOf } from '../../../proto/identity.ts';
import { startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { type EchoReport, startEchoLoad } from '../clients/echo-load.ts';
import { type KillableRelay, startKillableRelay } from './killable-relay.ts';

/** The results of two loads, one in each direction. */
export interface KillsReport {
  readonly kills: number;
  readonly seconds: number;
  readonly loads: readonly EchoReport[];
}

/**
 * Lets twins of two relays call each other, both ways, while either relay is killed with SIGKILL in turn.
 * @param requests of each of the two loads
 * @param ttl seconds that a request lives: 10 s later each must have its answer or its error
 * @param kills how often one of the relays is killed, spread evenly over the requests
 */
export async function federateUnderKills(requests: number, ttl: number, kills: number): Promise<KillsReport> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.adopt(await startDevChain({ blockTimeMs: 1000 }), (each) => each.close());
  const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http' };
  const a = stack.use(await startKillableRelay({ settings }));
  const b = stack.use(await startKillableRelay({ settings }));
  const placed = async (twin: number, { port, wsUrl }: KillableRelay) => {
    const identity = await identityOf(`0x${twin.toString(16).padStart(64, '0')}`, 'ed25519');
    if (!identity.ok) throw new Error('bad seed');
    const account = `0x${Buffer.from(identity.value.account).toString('hex')}` as const;
    chain.putTwin({ id: twin, account, relay: `localhost:${port}`, pk: null });
    return { twin, identity: identity.value, url: wsUrl };
  };
  const load = { count: requests, window: 300, ttl, patienceMs: (ttl + 10) * 1000 };
  const began = performance.now();
  const loads = [
    stack.use(startEchoLoad(await placed(101, a), await placed(102, b), load)),
    stack.use(startEchoLoad(await placed(103, b), await placed(104, a), load)),
  ];
  for (let kill = 1; kill <= kills; kill += 1) {
    const victim = kill % 2 === 0 ? b : a;
    // Each load in turn decides when the next relay is killed.
    await loads[kill % loads.length]?.reached((requests * kill) / (kills + 1));
    await victim.restart();
  }
  const all = await Promise.all(loads.map(({ settled }) => settled));
  return { loads: all, kills, seconds: (performance.now() - began) / 1000 };
}

/** The report in one line a load. */
export function killsText({ loads, kills, seconds }: KillsReport): string {
  const lines = loads.map(({ answered, errors, lost, strays, repeated, repeatedAnswers, resent }) => {
    const counts = { answered, errors, lost: lost.length, strays: strays.length, repeated, repeatedAnswers, resent };
    return JSON.stringify(counts);
  });
  return [`federation under ${kills} kills, ${seconds.toFixed(0)} s`, ...lines].join('\n');
}
