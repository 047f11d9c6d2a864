import { type DevChain, startDevChain } from '../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../../tools/dev-chain/ledger/dev-twins.ts';
import { type LocalRelay, startRelay } from '../../../tools/local-relay/relay.ts';
import { identityOfTwin } from '../chain/network.ts';
import { type Client, connectAs } from '../clients/client.ts';
import { until } from '../until.ts';
import { settleOn } from './two-relays.ts';

/** A chain and three relays of our software. Twin 1 is at home at A, twin 2 at B, twin 3 at C; all others nowhere. */
export interface SeveralRelays extends AsyncDisposable {
  readonly chain: DevChain;
  readonly a: LocalRelay;
  readonly b: LocalRelay;
  readonly c: LocalRelay;
  /** Opens a session of a twin with the key of a development twin (its own, where it has one). */
  join(relay: LocalRelay, twin: number, sid?: string, keyOf?: number): Promise<Client>;
  /** Writes a twin on chain, and waits until all three relays have read the block. */
  settle(id: number, relay: string | null, keyOf?: number): Promise<void>;
}

/** Returns the relay string of a twin at home at these relays. */
export function at(...relays: readonly { readonly port: number }[]): string {
  return relays.map(({ port }) => `localhost:${port}`).join('_');
}

/** Starts all four; the relays reach each other over plain HTTP. */
export async function startSeveralRelays(): Promise<SeveralRelays> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.adopt(await startDevChain({ blockTimeMs: 1000 }), (each) => each.close());
  const settings = { SUBSTRATE_URLS: chain.httpUrl, FEDERATION_SCHEME: 'http' };
  const a = stack.use(await startRelay({ settings }));
  const b = stack.use(await startRelay({ settings }));
  const c = stack.use(await startRelay({ settings }));
  const homes: ReadonlyMap<number, LocalRelay> = new Map([
    [1, a],
    [2, b],
    [3, c],
  ]);
  for (const { id } of DEV_TWINS) {
    const home = homes.get(id);
    await settleOn(chain, id, home === undefined ? null : at(home));
  }
  const owned = stack.move();
  return {
    chain,
    a,
    b,
    c,
    join: async (relay, twin, sid, keyOf = twin) => connectAs(relay.wsUrl, twin, await identityOfTwin(keyOf), sid),
    settle: async (id, relay, keyOf) => {
      await settleOn(chain, id, relay, keyOf);
      chain.makeBlocks(1);
      const { head } = chain;
      for (const each of [a, b, c]) {
        await until(`a relay to read block ${head}`, async () => ((await each.watcherStatus()).block ?? 0) >= head);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
