import type { TwinSource } from '../../client/directory/chain.ts';
import type { Log } from '../../client/ports.ts';

/** Blocks come every 6 s: a twin appears no faster, ms. */
const RETRY_MS = 6_000;

/** Remembers the id of the own twin. */
export interface OwnTwinMemory {
  findOwn(account: Uint8Array): Promise<number | undefined>;
  saveOwn(account: Uint8Array, id: number): void;
}

/** Parts for finding the own twin. */
export interface OwnTwinParts {
  readonly chain: Pick<TwinSource, 'twinIdOf'>;
  readonly memory: OwnTwinMemory;
  readonly log: Log;
  /** Resolves true after `ms`, false when the peer stops. */
  pause(ms: number): Promise<boolean>;
}

/**
 * Resolves with the id of the account's twin: the chain's answer, or the remembered id while the chain does not answer.
 * Asks until one of them knows it. Resolves with undefined when the peer stops before.
 */
export async function findOwnTwin(
  account: Uint8Array,
  { chain, memory, log, pause }: OwnTwinParts,
): Promise<{ readonly id: number; readonly isRemembered: boolean } | undefined> {
  let told = '';
  const tell = (message: string) => {
    if (message !== told) log.error({}, message);
    told = message;
  };
  for (;;) {
    try {
      const id = await chain.twinIdOf(account);
      if (id !== undefined) {
        memory.saveOwn(account, id);
        return { id, isRemembered: false };
      }
      tell('no twin on chain for this key: create one first, or choose another key type; waiting for it');
      if (!(await pause(RETRY_MS))) return undefined;
    } catch (error) {
      const id = await memory.findOwn(account);
      if (id !== undefined) return { id, isRemembered: true };
      const why = error instanceof Error ? error.message : String(error);
      tell(`own twin id is not known yet: ${why}, and none is remembered in Redis; waiting for the chain`);
      if (!(await pause(RETRY_MS / 6))) return undefined;
    }
  }
}

/** Asks the chain, as soon as it answers, whether the remembered id is still right. */
export async function confirmOwnTwin(
  account: Uint8Array,
  remembered: number,
  { chain, memory, log, pause }: OwnTwinParts,
): Promise<void> {
  while (await pause(RETRY_MS)) {
    const id = await chain.twinIdOf(account).catch(() => 'unknown' as const);
    if (id === 'unknown') continue;
    if (id === remembered) return;
    if (id !== undefined) memory.saveOwn(account, id);
    return log.error(
      { remembered, onChain: id },
      'the remembered twin id differs from the id on chain: restart the peer',
    );
  }
}
