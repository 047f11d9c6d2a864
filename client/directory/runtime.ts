import { specVersionOf } from '../../proto/chain/block-answers.ts';
import type { EventTable } from '../../proto/chain/event-table.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { tableOf } from '../../proto/chain/metadata-shapes.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { RpcSocket } from './rpc-socket.ts';

/** A chain's runtime, as far as it is needed. */
export interface Runtime {
  readonly specVersion: number;
  /** Finds twins among events; undefined if the chain has no twins. */
  readonly table: EventTable | undefined;
}

/** Reads the runtime at a node's best block. Keeps nothing of the metadata but the table. @param ms limit for each answer */
export async function readRuntime(socket: RpcSocket, ms: number): Promise<Result<Runtime, string>> {
  const [version, metadata] = await Promise.all([
    socket.ask('state_getRuntimeVersion', [], ms),
    socket.ask('state_getMetadata', [], ms),
  ]);
  if (!version.ok) return version;
  if (!metadata.ok) return metadata;
  const specVersion = specVersionOf(version.value);
  if (specVersion === undefined) return err('it gave no runtime version');
  const bytes = bytesOf(metadata.value);
  if (!bytes.ok) return bytes;
  const made = tableOf(bytes.value ?? new Uint8Array());
  if (made.ok) return ok({ specVersion, table: made.value });
  if (!made.error.isTfchain) return ok({ specVersion, table: undefined });
  return err(`its metadata cannot be used: ${made.error.fault}`);
}
