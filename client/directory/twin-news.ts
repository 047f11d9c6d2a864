import { specVersionOf } from '../../proto/chain/block-answers.ts';
import { BLOCK_TIME_KEY, decodeBlockTime } from '../../proto/chain/block-time.ts';
import { bytesOf } from '../../proto/chain/json-rpc.ts';
import { storagePrefix } from '../../proto/chain/storage-key.ts';
import { type TwinEvent, twinEvents } from '../../proto/chain/twin-events.ts';
import { decodeTwin } from '../../proto/chain/twin-record.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { RpcSocket } from './rpc-socket.ts';
import { type Runtime, readRuntime } from './runtime.ts';

const EVENTS = storagePrefix('System', 'Events');
/** Limit for the metadata of a new runtime, ms. */
const RUNTIME_MS = 12_000;

/** Receives a node's news of twins. */
export interface TwinNews {
  /** A block has a new or changed twin. */
  onTwin(twin: Twin): void;
  /** A block has a twin that cannot be read. @param fault for people */
  onOddTwin(id: number, fault: string): void;
  /** Blocks were missed. */
  onGap(): void;
  /** Receives the time of the best block, Unix ms. */
  onTime(ms: number): void;
}

/** Reads the events of each new block, across new runtimes. Resolves with what ended the session, for people. */
export async function followTwins(socket: RpcSocket, first: Runtime, news: TwinNews): Promise<string> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  let runtime: Runtime | undefined = first;
  const renew = async () => {
    // No block's events can be read until the new runtime is known.
    runtime = undefined;
    const read = await readRuntime(socket, RUNTIME_MS);
    if (!read.ok) return fail(read.error);
    runtime = read.value;
    news.onGap();
  };
  const versions = socket.subscribe('state_subscribeRuntimeVersion', [], 'state_runtimeVersion', (told) => {
    const version = specVersionOf(told);
    if (version !== undefined && runtime !== undefined && version !== runtime.specVersion) void renew();
  });
  const events = socket.subscribe('state_subscribeStorage', [[EVENTS, BLOCK_TIME_KEY]], 'state_storage', (notice) => {
    const read = changesIn(notice);
    if (!read.ok) return fail(`its events cannot be read: ${read.error}`);
    for (const [key, bytes] of read.value) {
      const time = key === BLOCK_TIME_KEY ? decodeBlockTime(bytes) : undefined;
      if (time !== undefined) news.onTime(time);
      if (key !== EVENTS || bytes === undefined || runtime?.table === undefined) continue;
      const found = twinEvents(runtime.table, bytes);
      if (!found.ok) return fail(`its events cannot be read: ${found.error}`);
      for (const event of found.value) tell(event, news);
    }
  });
  return Promise.race([failed, versions, events]);
}

/** Returns what changed under each key, in order. The notice is `{ changes: [[key, value or null], …] }`. */
function changesIn(notice: unknown): Result<[key: string, bytes: Uint8Array | undefined][], string> {
  const odd = err('its notice has another form');
  if (typeof notice !== 'object' || notice === null || !('changes' in notice)) return odd;
  const { changes } = notice;
  if (!Array.isArray(changes)) return odd;
  const read: [string, Uint8Array | undefined][] = [];
  for (const change of changes) {
    if (!Array.isArray(change) || change.length !== 2) return odd;
    const [key, value]: unknown[] = change;
    if (typeof key !== 'string' || (typeof value !== 'string' && value !== null)) return odd;
    const bytes = bytesOf(value);
    if (!bytes.ok) return bytes;
    read.push([key, bytes.value]);
  }
  return ok(read);
}

function tell({ id, twin }: TwinEvent, news: TwinNews): void {
  const decoded = decodeTwin(twin);
  if (decoded.ok) news.onTwin(decoded.value);
  else news.onOddTwin(id, decoded.error);
}
