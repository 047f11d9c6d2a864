import { fileURLToPath } from 'node:url';
import { type PeerProcess, startPeerProcess } from '../../../test/rig/peer/peer-process.ts';
import { DEV_TWINS } from '../../dev-chain/ledger/dev-twins.ts';

/** Half of a peer's start is compilation, which an installed peer, one bundle, has not. */
const NODE_COMPILE_CACHE = fileURLToPath(new URL('../../../node_modules/.cache/node-compile', import.meta.url));

/** A peer of a development twin, in a process of its own: it can die at any moment. */
export interface KillablePeer extends AsyncDisposable {
  /** SIGKILL; resolves when it is gone. */
  kill9(): Promise<void>;
  /** Starts it; `ready` tells when it is connected. */
  start(): void;
  /** Resolves when the newest process is ready. */
  ready(): Promise<void>;
}

/** Where a peer runs. */
export interface PeerPlace {
  readonly twin: number;
  readonly redisUrl: string;
  readonly chainUrl: string;
  readonly relays: readonly string[];
}

/** Starts one. It does not write its twin on chain: the links have other ports than the relays. */
export function startKillablePeer({ twin, redisUrl, chainUrl, relays }: PeerPlace): KillablePeer {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  const flags = ['--key-type', dev.keyType, '--redis', redisUrl, '--substrate', chainUrl, '--no-update'];
  const args = [...flags, ...relays.flatMap((relay) => ['--relay', relay])];
  const launch = () => startPeerProcess({ args, env: { RMB_MNEMONIC: dev.secret, NODE_COMPILE_CACHE } });
  let running: PeerProcess | undefined = launch();
  const kill9 = async () => {
    const killed = running;
    running = undefined;
    await killed?.stop('SIGKILL');
  };
  return {
    kill9,
    start: () => {
      running ??= launch();
    },
    ready: async () => void (await running?.ready()),
    [Symbol.asyncDispose]: kill9,
  };
}
