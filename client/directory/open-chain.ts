import { ss58Address } from '../../proto/identity.ts';
import type { Twin } from '../../proto/twin.ts';
import { RmbError } from '../errors.ts';
import type { Keys } from '../identity/signer.ts';
import { maskUrl } from '../mask.ts';
import type { Log, PartState } from '../ports.ts';
import type { Dial } from '../session/socket.ts';
import { ChainConnection, type TwinSource } from './chain.ts';
import { Directory } from './directory.ts';

/** A place where twins are looked up, and the twins found there. */
export interface OpenChain {
  readonly chain: TwinSource;
  readonly twins: Directory;
  /** URLs of the nodes, for people. */
  readonly place: string;
  /** Whether the chain answers, and why not. */
  state(): PartState;
  close(): void;
}

/** A program starts with an empty memory: only a daemon outlives an outage of the chain. */
const NO_MEMORY = { find: async () => undefined, save: () => undefined };

/** Options of `openChain`. */
export interface OpenChainParts {
  readonly dial: Dial;
  readonly log: Log;
  /** Limit for the first connection, ms. */
  readonly ms: number;
  readonly signal?: AbortSignal | undefined;
  /** Receives the time of each block, Unix ms. */
  onTime?(ms: number): void;
  /** Receives each state of the chain, also before the first connection. */
  onState?(state: PartState): void;
  /** A twin has other data on chain than before. */
  onTwin?(id: number): void;
}

/**
 * Connects to the first node that can be used; later losses are mended behind the scenes.
 * Throws an `RmbError` when every node has failed, or none is ready in time.
 */
export async function openChain(urls: readonly string[], parts: OpenChainParts): Promise<OpenChain> {
  const { dial, log, ms, signal } = parts;
  const place = urls.map(maskUrl).join(' ');
  const { promise: up, resolve, reject } = Promise.withResolvers<void>();
  const faults: string[] = [];
  let state = { isUp: false, detail: 'not connected yet' };
  const twins = directoryOf((id) => chain.twin(id));
  const chain: ChainConnection = new ChainConnection(urls, {
    dial,
    onState: (now) => {
      state = now;
      parts.onState?.(now);
      if (now.isUp) return resolve();
      faults.push(now.detail);
      if (faults.length < urls.length) return;
      reject(new RmbError('chain', `the chain is out of reach at ${place}: ${[...new Set(faults)].join('; ')}`));
    },
    onTwin: (twin) => {
      twins.put(twin);
      parts.onTwin?.(twin.id);
    },
    onGap: () => twins.doubt(),
    onTime: (time) => parts.onTime?.(time),
    log,
  });
  const timer = setTimeout(
    () => reject(new RmbError('chain', `the chain at ${place} was not ready within ${ms / 1000} s`)),
    ms,
  );
  const abort = () => reject(new RmbError('aborted', 'connecting was aborted', { cause: signal?.reason }));
  signal?.addEventListener('abort', abort);
  try {
    await up;
  } catch (error) {
    chain.close();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  return { chain, twins, place, state: () => state, close: () => chain.close() };
}

/** Uses another source of twins in place of a chain. */
export function givenChain(chain: TwinSource): OpenChain {
  const state = { isUp: true, detail: '' };
  const twins = directoryOf((id) => chain.twin(id));
  return { chain, twins, place: 'the given source of twins', state: () => state, close: () => undefined };
}

function directoryOf(ask: (id: number) => Promise<Twin | undefined>): Directory {
  return new Directory(ask, NO_MEMORY, () => performance.now());
}

/** Returns the twin of an account. Throws an `RmbError` that says what was looked up, and where. */
export async function twinOfAccount(open: OpenChain, account: Uint8Array): Promise<number> {
  const id = await asked(() => open.chain.twinIdOf(account));
  if (id !== undefined) return id;
  throw new RmbError('unknown-twin', `no twin has this account: ${lookedUp(open, account)}`);
}

/** Returns the twin of an identity. Throws an `RmbError` that says what to do. */
export async function ownTwinOf(
  open: OpenChain,
  { account, keyType }: Pick<Keys, 'account' | 'keyType'>,
): Promise<number> {
  const id = await asked(() => open.chain.twinIdOf(account));
  if (id !== undefined) return id;
  const hint = `with key type ${keyType === 'sr25519' ? 'ed25519' : 'sr25519'} the same secret makes another account`;
  throw new RmbError('identity', `this ${keyType} key has no twin: ${lookedUp(open, account)}; ${hint}`);
}

/** Returns the chain's answer. Throws an `RmbError` when the chain does not answer. */
export async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw new RmbError('chain', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function lookedUp({ place }: OpenChain, account: Uint8Array): string {
  return `TfgridModule.TwinIdByAccountID at ${place} has nothing for ${ss58Address(account)}`;
}
