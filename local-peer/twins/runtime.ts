import { specVersionOf } from '../../chain/block-answers.ts';
import type { EventTable } from '../../chain/event-table.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { tableOf } from '../../chain/metadata-shapes.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { RpcSocket } from './rpc-socket.ts';

/** What is needed of a chain's runtime, until the chain has another one. */
export interface Runtime {
  readonly specVersion: number;
  /** How twins are found among events; undefined: the chain has no twins. */
  readonly table: EventTable | undefined;
}

/** The runtime at a node's best block. The metadata is let go of once it is read. @param ms for each answer */
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
