import { ApiPromise, WsProvider } from '@polkadot/api';
import { z } from 'zod';
import { err, ok, type Result } from '../../proto/result.ts';

/** A node has this long to become usable: it sends its metadata first. */
const OPEN_MS = 12_000;
/** A block comes every 6 s; a node that tells of none for this long stands still. */
const STALLED_MS = 30_000;
const EVENTS = new Set(['TwinStored', 'TwinUpdated']);

/** One node, for as long as it is well. */
export interface ChainSession {
  readonly api: ApiPromise;
  /** Tells of each twin that is new or changed; resolves with what ended it, for people. */
  live(onTwin: (json: unknown) => void): Promise<string>;
  close(): Promise<void>;
}

/** Connects to a node; what is wrong, when it cannot be used. @param openMs how long that may take */
export async function openSession(url: string, openMs = OPEN_MS): Promise<Result<ChainSession, string>> {
  // The library takes a scheme in lower case only, which a parsed URL has.
  // Connecting again is not left to the library: it would never try another node for one that hangs.
  const provider = new WsProvider(new URL(url).href, false, {}, openMs);
  const lost = new Promise<string>((resolve) => {
    provider.on('error', () => resolve('it cannot be connected to'));
    provider.on('disconnected', () => resolve('the connection was lost'));
  });
  const api = new ApiPromise({ provider, noInitWarn: true });
  // What is wrong with the connection is told by the provider.
  api.on('error', () => undefined);
  const close = () => api.disconnect().catch(() => undefined);
  provider.connect().catch(() => undefined);
  const ready = api.isReadyOrError.then(() => undefined, describe);
  const fault = await Promise.race([lost, ready, after(openMs, 'it did not become ready')]);
  if (fault !== undefined) {
    await close();
    return err(fault);
  }
  return ok({ api, close, live: (onTwin) => live(api, lost, onTwin) });
}

async function live(api: ApiPromise, lost: Promise<string>, onTwin: (json: unknown) => void): Promise<string> {
  let heardAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<string>((resolve) => {
    timer = setInterval(() => {
      const silence = performance.now() - heardAt;
      if (silence > STALLED_MS) resolve(`no block for ${STALLED_MS / 1000} s`);
    }, STALLED_MS / 6);
  });
  const failed = Promise.all([
    api.rpc.chain.subscribeNewHeads(() => {
      heardAt = performance.now();
    }),
    api.query.system?.events?.((records: unknown) => {
      for (const twin of twinsIn(records)) onTwin(twin);
    }),
  ]).then(() => new Promise<never>(() => undefined), describe);
  const ended = await Promise.race([lost, stalled, failed]);
  clearInterval(timer);
  return ended;
}

const eventRecords = z.array(
  z.object({ event: z.object({ section: z.string(), method: z.string(), data: z.array(z.unknown()) }) }),
);

/** The twins in a block's events, as JSON. */
function twinsIn(records: unknown): unknown[] {
  const parsed = eventRecords.safeParse(records);
  if (!parsed.success) return [];
  return parsed.data.flatMap(({ event: { section, method, data } }) =>
    section === 'tfgridModule' && EVENTS.has(method) ? [JSON.parse(JSON.stringify(data[0]))] : [],
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Resolves to `value` after `ms`; keeps no process alive. */
function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
