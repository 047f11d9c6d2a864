import { type DevChain, startDevChain } from '../../../../tools/dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../../../tools/dev-chain/ledger/dev-twins.ts';
import { freePort } from '../../../../tools/local-relay/port.ts';
import { type KillableRelay, startKillableRelay } from '../killable-relay.ts';
import { settleOn } from '../two-relays.ts';
import { makeAuthority, startTlsFront } from './front.ts';

/** A relay behind a TLS front. */
interface Fronted {
  readonly relay: KillableRelay;
  /** The port of the front; the relay's name on chain is `localhost` with this port. */
  readonly frontPort: number;
  readonly front: { readonly connections: number };
}

/** A chain, and two relays that reach each other only by https, as on the net: twins 1–3 at A, 4–6 at B. */
export interface TlsRelays extends AsyncDisposable {
  readonly chain: DevChain;
  readonly caFile: string;
  readonly a: Fronted;
  readonly b: Fronted;
}

/** Starts all; the ports of the fronts may be given. */
export async function startTlsRelays(ports: { a?: number; b?: number } = {}): Promise<TlsRelays> {
  await using stack = new AsyncDisposableStack();
  const chain = stack.adopt(await startDevChain({ blockTimeMs: 1000 }), (each) => each.close());
  const authority = stack.use(await makeAuthority());
  const fronted = async (wanted: number | undefined): Promise<Fronted> => {
    const frontPort = wanted ?? (await freePort());
    const settings = {
      SUBSTRATE_URLS: chain.httpUrl,
      RELAY_DOMAINS: `localhost:${frontPort}`,
      NODE_EXTRA_CA_CERTS: authority.caFile,
    };
    const relay = stack.use(await startKillableRelay({ settings }));
    return { relay, frontPort, front: stack.use(await startTlsFront(authority, frontPort, relay.port)) };
  };
  const [a, b] = [await fronted(ports.a), await fronted(ports.b)];
  for (const { id } of DEV_TWINS) await settleOn(chain, id, `localhost:${(id <= 3 ? a : b).frontPort}`);
  const owned = stack.move();
  return { chain, caFile: authority.caFile, a, b, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
