import { sameBytes } from '../bytes.ts';
import type { TwinDirectory } from './known-twin.ts';

/**
 * Returns whether the chain has this twin's own key, so that others can decrypt. While the chain does not answer, the
 * result is true: otherwise an outage would let payloads leave in plain text.
 */
export async function isKeyOnChain(twins: Pick<TwinDirectory, 'get'>, twin: number, pk: Uint8Array): Promise<boolean> {
  try {
    const own = await twins.get(twin);
    return own !== undefined && own.key.kind !== 'absent' && sameBytes(own.key.bytes, pk);
  } catch {
    return true;
  }
}
