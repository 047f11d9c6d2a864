import { Chain } from './ledger/chain.ts';
import { devEntries, type TwinEntry, toLedgerTwin } from './ledger/twin-entry.ts';
import { buildMetadata } from './metadata/metadata.ts';
import { type Runtime, readRuntime } from './metadata/runtime.ts';
import { serve } from './rpc/server.ts';

const BLOCK_MS = 6_000;

/** A running Substrate chain in memory. */
export interface DevChain extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** Writes a twin at once; the next block has its event. */
  putTwin(entry: TwinEntry): void;
  /** Removes all funds of an account (hex), so that it cannot pay a fee. */
  drain(account: string): void;
  /** Returns the number of the best block. */
  readonly head: number;
  /** Makes blocks at once, without waiting for their time. */
  makeBlocks(count: number): void;
  close(): Promise<void>;
}

/**
 * Starts a chain on 127.0.0.1.
 * @param options.port 0 or absent: any free port
 * @param options.twins absent: the development twins
 * @param options.funded accounts, in hex, that have funds and no twin
 * @param options.runtime a real network's; absent: the development chain's
 */
export async function startDevChain(
  options: {
    port?: number;
    blockTimeMs?: number;
    twins?: readonly TwinEntry[];
    funded?: readonly string[];
    runtime?: Runtime;
  } = {},
): Promise<DevChain> {
  const twins = (options.twins ?? (await devEntries())).map(toLedgerTwin);
  const runtime = options.runtime ?? readRuntime(buildMetadata());
  const chain = new Chain(runtime, { twins, funded: options.funded ?? [] }, Date.now());
  const server = await serve(chain, options.port ?? 0);
  const timer = setInterval(() => chain.makeBlock(Date.now()), options.blockTimeMs ?? BLOCK_MS);
  const close = async () => {
    clearInterval(timer);
    await server.close();
  };
  return {
    port: server.port,
    wsUrl: `ws://localhost:${server.port}`,
    httpUrl: `http://localhost:${server.port}`,
    get head() {
      return chain.head.number;
    },
    makeBlocks: (count) => {
      for (let made = 0; made < count; made += 1) chain.makeBlock(Date.now());
    },
    putTwin: (entry) => chain.place(toLedgerTwin(entry)),
    drain: (account) => chain.drain(account),
    close,
    [Symbol.asyncDispose]: close,
  };
}
