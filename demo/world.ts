import { startDevChain } from '../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../dev-chain/dev-twins.ts';
import { startRelay } from '../local-relay/relay.ts';
import type { Redis } from './bus.ts';
import type { Running } from './processes.ts';

/** A twin of the demo: its peer, and the Redis beside it. */
export interface Party {
  readonly twin: number;
  readonly redis: Redis;
  readonly redisUrl: string;
  readonly peer: Running;
  /** Whether the chain holds a key of it, so that what is sent to it is encrypted. */
  readonly encrypted: boolean;
  /** A further connection to its Redis. */
  connect(): Promise<Redis>;
}

/** Everything RMB needs, on this machine. */
export interface World {
  readonly chainUrl: string;
  readonly relayUrl: string;
  readonly caller: Party;
  /** Its requests travel encrypted: its key stands on chain. */
  readonly secret: Party;
  /** Its requests travel in the open: it has put no key on chain. */
  readonly open: Party;
  readonly parties: readonly Party[];
}

/** Starts a chain, a relay and three peers, each with a Redis; `stack` ends them all, last first. */
export async function startWorld(stack: AsyncDisposableStack, say: (line: string) => void): Promise<World> {
  const chain = stack.use(await startDevChain({ blockTimeMs: 500 }));
  say(`chain    ${chain.wsUrl}, with development twins 1 to ${DEV_TWINS.length}`);
  const relay = stack.use(await startRelay({ settings: { SUBSTRATE_URLS: chain.httpUrl } }));
  say(`relay    ${relay.wsUrl}, the Worker on workerd`);
  const party = (twin: number, extra: readonly string[] = []) =>
    startParty(twin, { chain: chain.wsUrl, chainHttp: chain.httpUrl, relay: relay.wsUrl, extra }, stack, say);
  const caller = await party(1);
  const secret = await party(2);
  const domain = new URL(relay.wsUrl).host;
  const open = DEV_TWINS.find(({ id }) => id === 4);
  if (open === undefined) throw new Error('there is no development twin 4');
  chain.putTwin({ id: 4, account: await accountOf(open), relay: domain, pk: null });
  const plain = await party(4, ['--no-update']);
  return {
    chainUrl: chain.wsUrl,
    relayUrl: relay.wsUrl,
    caller,
    secret,
    open: plain,
    parties: [caller, secret, plain],
  };
}
