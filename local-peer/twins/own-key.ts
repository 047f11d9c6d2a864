import type { TwinDirectory } from '../known-twin.ts';

/**
 * Whether the chain holds our own key, so that others can open what we encrypt. Only a definite answer is a no, and
 * lets payloads leave in plain text; while nobody can say, they are encrypted.
 */
export async function isKeyOnChain(twins: Pick<TwinDirectory, 'get'>, twin: number, pk: Uint8Array): Promise<boolean> {
  try {
    const own = await twins.get(twin);
    return own !== undefined && own.key.kind !== 'absent' && Buffer.compare(own.key.bytes, pk) === 0;
  } catch {
    return true;
  }
}
