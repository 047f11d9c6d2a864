import { type Identity, ss58Address } from '../../proto/identity.ts';
import { maskUrl } from '../config/mask.ts';
import type { Log } from '../ports.ts';
import { ChainConnection } from '../twins/chain.ts';
import { Directory } from '../twins/directory.ts';
import { CommandFailure } from './failure.ts';

/** The chain, and the twins as it tells them. */
export interface OpenChain {
  readonly chain: ChainConnection;
  readonly twins: Directory;
  /** Where it was asked, for people. */
  readonly place: string;
}

/** A command remembers nothing: it is over before anything gets old. */
const NO_MEMORY = { find: async () => undefined, save: () => undefined };

/**
 * Connects to the first node that can be used.
 * @param ms how long all of it may take
 * @param onTime told of the time of each block, Unix ms
 * @throws CommandFailure when each node has failed, or time is over
 */
export async function openChain(
  urls: readonly string[],
  log: Log,
  ms: number,
  onTime?: (ms: number) => void,
): Promise<OpenChain> {
  const place = urls.map(maskUrl).join(' ');
  const { promise: up, resolve, reject } = Promise.withResolvers<void>();
  const faults: string[] = [];
  const twins = new Directory(
    (id) => chain.twin(id),
    NO_MEMORY,
    () => performance.now(),
  );
  const chain: ChainConnection = new ChainConnection(urls, {
    onState: ({ isUp, detail }) => {
      if (isUp) return resolve();
      faults.push(detail);
      if (faults.length < urls.length) return;
      reject(new CommandFailure('chain', `the chain is out of reach at ${place}: ${[...new Set(faults)].join('; ')}`));
    },
    onTwin: (twin) => twins.put(twin),
    onGap: () => twins.doubt(),
    onTime: (time) => onTime?.(time),
    log,
  });
  const late = new CommandFailure('chain', `the chain at ${place} was not ready within ${ms / 1000} s`);
  const timer = setTimeout(() => reject(late), ms);
  try {
    await up;
  } finally {
    clearTimeout(timer);
  }
  return { chain, twins, place };
}

/** The twin of an account that somebody named. @throws CommandFailure that says what was looked up, and where */
export async function twinOfAccount({ chain, place }: OpenChain, account: Uint8Array): Promise<number> {
  const id = await asked(() => chain.twinIdOf(account));
  if (id !== undefined) return id;
  const looked = `TfgridModule.TwinIdByAccountID at ${place} has nothing for ${ss58Address(account)}`;
  throw new CommandFailure('unknown-twin', `no twin has this account: ${looked}`);
}

/** The twin of our own key. @throws CommandFailure that says what to do */
export async function ownTwinOf({ chain, place }: OpenChain, { account, keyType }: Identity): Promise<number> {
  const id = await asked(() => chain.twinIdOf(account));
  if (id !== undefined) return id;
  const looked = `TfgridModule.TwinIdByAccountID at ${place} has nothing for ${ss58Address(account)}`;
  const hint = `with --key-type ${keyType === 'sr25519' ? 'ed25519' : 'sr25519'} the same secret makes another account`;
  throw new CommandFailure('identity', `our ${keyType} key has no twin: ${looked}; ${hint}`);
}

/** What the chain answers. @throws CommandFailure when it does not */
export async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw new CommandFailure('chain', error instanceof Error ? error.message : String(error));
  }
}
