import { DEV_TWINS } from '../../dev-chain/dev-twins.ts';
import { type Launched, launch } from './process.ts';

/** A peer of a development twin as users run it, in a process of its own; waits until it is ready. */
export function launchPeer(
  twin: number,
  urls: { readonly redis: string; readonly chain: string; readonly relay: string },
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Launched> {
  const dev = DEV_TWINS.find(({ id }) => id === twin);
  if (dev === undefined) throw new Error(`twin ${twin} is no development twin`);
  const keys = ['--mnemonic', dev.secret, '--key-type', dev.keyType];
  const args = ['--redis', urls.redis, '--substrate', urls.chain, '--relay', urls.relay];
  return launch(['local-peer/main.ts', ...keys, ...args, ...flags], env);
}
