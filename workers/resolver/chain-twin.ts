import type { TwinLookup } from '../../durable-objects/contract.ts';
import { decodeTwin, twinKey } from './chain-storage.ts';

/** Leaves room within the 2 s in which every look-up is answered. */
const CHAIN_MS = 1800;

/** Reads a storage key at one node; rejects when that node is of no use. */
export type StorageReader = (url: string, key: string, signal: AbortSignal) => Promise<string | null>;

/**
 * Asks all nodes at once. The first that knows the twin wins; that there is none needs the word of all who
 * answer in time, as one that lags behind does not know the newest twins.
 * @param urls of nodes
 * @param id a u32
 */
export async function readTwin(urls: readonly string[], id: number, read: StorageReader): Promise<TwinLookup> {
  const signal = AbortSignal.timeout(CHAIN_MS);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')));
  });
  const faults: string[] = [];
  let unknown = false;
  const found = urls.map(async (url) => {
    try {
      const value = await Promise.race([read(url, twinKey(id), signal), late]);
      if (value === null) unknown = true;
      else {
        const twin = decodeTwin(value);
        if (twin.ok && twin.value.id === id) return { found: twin.value };
        faults.push(`${hostOf(url)}: ${twin.ok ? `answered with twin ${twin.value.id}` : twin.error}`);
      }
    } catch (error) {
      faults.push(`${hostOf(url)}: ${signal.aborted ? 'no answer in time' : describe(error)}`);
    }
    throw new Error('not found here');
  });
  try {
    return await Promise.any(found);
  } catch {
    return unknown ? { unknown: true } : { unavailable: `the chain is out of reach (${faults.join('; ')})` };
  }
}

/** A node's URL may carry a key in its path or query. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'a node';
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
