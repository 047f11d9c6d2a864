import { z } from 'zod';
import { specVersionOf } from '../../chain/block-answers.ts';
import { BLOCK_TIME_KEY, decodeBlockTime } from '../../chain/block-time.ts';
import { bytesOf } from '../../chain/json-rpc.ts';
import { storagePrefix } from '../../chain/storage-key.ts';
import { type TwinEvent, twinEvents } from '../../chain/twin-events.ts';
import { decodeTwin } from '../../chain/twin-record.ts';
import { err, ok, type Result } from '../../proto/result.ts';
import type { Twin } from '../../proto/twin.ts';
import type { RpcSocket } from './rpc-socket.ts';
import { type Runtime, readRuntime } from './runtime.ts';

const EVENTS = storagePrefix('System', 'Events');
/** A node has this long for the metadata of a new runtime. */
const RUNTIME_MS = 12_000;

/** Whom a node's news of twins reach. */
export interface TwinNews {
  /** A block says that a twin is new or has changed. */
  onTwin(twin: Twin): void;
  /** A twin that cannot be read. @param fault for people */
  onOddTwin(id: number, fault: string): void;
  /** Blocks were missed. */
  onGap(): void;
  /** The best block is of this time, Unix ms. */
  onTime(ms: number): void;
}

const changes = z.object({ changes: z.array(z.tuple([z.string(), z.string().nullable()])) });

/** Reads the events of each new block, across new runtimes. Resolves with what ended it, for people. */
export async function followTwins(socket: RpcSocket, first: Runtime, news: TwinNews): Promise<string> {
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>();
  let runtime: Runtime | undefined = first;
  const renew = async () => {
    // Until the new one is known no block's events can be read.
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

/** Returns what changed under each key, in order. */
function changesIn(notice: unknown): Result<[key: string, bytes: Uint8Array | undefined][], string> {
  const parsed = changes.safeParse(notice);
  if (!parsed.success) return err('its notice has another form');
  const read: [string, Uint8Array | undefined][] = [];
  for (const [key, value] of parsed.data.changes) {
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
