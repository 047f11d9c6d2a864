import { connect } from '../../../client/node.ts';
import { startDevChain } from '../../dev-chain/dev-chain.ts';
import { DEV_TWINS } from '../../dev-chain/ledger/dev-twins.ts';
import { freePort } from '../../local-relay/port.ts';
import { startRelay } from '../../local-relay/relay.ts';
import { LIMITED } from '../contenders/contenders.ts';
import { COMMAND } from './messages.ts';
import { bareTwin } from './sealed.ts';
import { openSession } from './transport.ts';

/** Public test words: a mnemonic, as users of both clients have one. */
const WORDS = {
  ours: 'legal winner thank year wave sausage worth useful legal winner thank yellow',
  npm: 'bottom drive obey lake curtain smoke basket hold race lonely fit walk',
};
const SERVICE = 2;

/** A caller's twin. */
interface CallerTwin {
  readonly own: number;
  readonly secret: string;
  /** The twin that it calls. */
  readonly twin: number;
}

/** A chain, a relay, and what answers there: a service of this client, and a bare session. */
export interface Stage {
  readonly chain: string;
  readonly relay: string;
  readonly callers: { readonly ours: CallerTwin; readonly npm: CallerTwin; readonly bare: CallerTwin };
}

/** Starts it. Every payload has `bytes`. */
export async function setStage(stack: AsyncDisposableStack, bytes: number): Promise<Stage> {
  const chain = stack.use(await startDevChain({ blockTimeMs: 1000 }));
  const port = await freePort();
  const secretOf = (id: number) => DEV_TWINS.find((twin) => twin.id === id)?.secret ?? '';
  const put = async (id: number, secret: string, relay: string) => {
    const { account, e2ePublicKey } = await bareTwin(secret);
    chain.putTwin({ id, account: hex(account), relay, pk: hex(e2ePublicKey) });
    return { own: id, secret, twin: SERVICE };
  };
  const domain = `localhost:${port}`;
  const service = await put(SERVICE, secretOf(SERVICE), domain);
  const ours = await put(51, WORDS.ours, domain);
  // It compares this with its own idea of a relay, and writes that when it connects.
  const npm = await put(50, WORDS.npm, 'relay.grid.tf');
  const asks = await put(3, secretOf(3), domain);
  const echoes = await put(4, secretOf(4), domain);
  const settings = { SUBSTRATE_URLS: chain.httpUrl, RELAY_ALIASES: 'localhost', ...LIMITED };
  const relay = stack.use(await startRelay({ port, direct: true, settings }));
  const bus = await connect({ secret: service.secret, relays: [relay.wsUrl], chain: [chain.wsUrl], sid: false });
  stack.use(bus);
  bus.serve(COMMAND, {}, (value) => value);
  const echo = await openSession({ ...echoes, twin: asks.own, relay: relay.wsUrl, bytes }, 'response');
  stack.defer(echo.close);
  echo.onFrame(echo.send);
  return {
    chain: chain.wsUrl,
    relay: relay.wsUrl,
    callers: { ours, npm, bare: { ...asks, twin: echoes.own } },
  };
}

function hex(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
