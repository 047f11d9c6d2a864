import type { UpdateKey } from '../../client/chain-writer/update.ts';
import { faultOf } from '../../client/directory/open-first.ts';
import { updateTwin } from './update-process.ts';

/** Writes a twin on chain. */
export interface TwinWriter {
  /**
   * Signs and sends `update_twin`. Resolves when it is in a block, which costs a fee: undefined when it succeeded, else
   * the reason why the chain refused it. Rejects when it reaches no block.
   */
  updateTwin(key: UpdateKey, relay: string, pk: Uint8Array): Promise<string | undefined>;
}

/** Returns a writer that uses the node the peer is connected to. */
export function openTwinWriter(node: () => Promise<string>, stopped: AbortSignal): TwinWriter {
  return {
    updateTwin: async (key, relay, pk) => {
      const url = await node();
      try {
        return await updateTwin({ url, key, profile: { relay, pk } }, stopped);
      } catch (error) {
        throw new Error(faultOf(error, url));
      }
    },
  };
}
