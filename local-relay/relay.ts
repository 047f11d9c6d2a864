import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import type { WatcherStatus } from '../durable-objects/contract.ts';
import { parseSettings } from '../durable-objects/settings.ts';
import { bundleWorker } from './bundle.ts';
import { freePort } from './port.ts';
import { keepWatch, watcherDoor, watcherStatus } from './watcher.ts';

const CONFIG = fileURLToPath(new URL('../wrangler.toml', import.meta.url));

/** By this name Miniflare finds the objects' class. */
const NAME = 'relay';

/** Variables of wrangler.toml, by name; what is absent stays as it stands there. */
export type RelaySettings = Readonly<Record<string, string | undefined>>;

/** The relay on this machine. */
export interface LocalRelay extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** The names by which twins of this relay are known on chain. */
  readonly domains: readonly string[];
  /**
   * Puts a twin's object to sleep, at once: its memory is gone, its sockets stay. The platform waits until an object has
   * had nothing to do for ten seconds; Miniflare takes it from the middle of its work.
   */
  evict(twin: number): Promise<void>;
  /** The same for the object that follows the chain. */
  evictWatcher(): Promise<void>;
  /** How far the object that follows the chain is. */
  watcherStatus(): Promise<WatcherStatus>;
  /** What stands in the cache of twins under a key. */
  cached(key: string): Promise<string | null>;
  close(): Promise<void>;
}

/** What `startRelay` is told. */
interface RelayOptions {
  readonly port?: number;
  readonly persist?: string;
  readonly direct?: boolean;
  readonly inspect?: number;
  readonly settings: RelaySettings;
  readonly bundle?: (entry: string) => Promise<string>;
}

/** Ports that are looked for until one is still free when workerd starts. */
const MOST_TRIES = 5;

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ADDRESS_IN_USE';
}

/**
 * Runs the Worker of wrangler.toml on workerd, on 127.0.0.1.
 * @param options.port 0 or absent: any free port
 * @param options.persist directory for what must outlive the process; absent: memory
 * @param options.direct without Miniflare's front, which costs as much as a whole request; a port that is taken then
 *   hangs instead of throwing, so only for benchmarks
 * @param options.inspect port of workerd's inspector; absent: none
 * @param options.bundle makes the Worker's module of its entry; absent: as a deploy does
 * @throws when a setting is bad, naming it, or when the port is taken
 */
export async function startRelay(options: RelayOptions): Promise<LocalRelay> {
  if (options.port) return await startOn(options.port, options);
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOn(await freePort(), options);
    } catch (error) {
      // Somebody took the port between the look and the start: there are others.
      if (tries === MOST_TRIES || !isPortTaken(error)) throw error;
    }
  }
}

async function startOn(port: number, options: RelayOptions): Promise<LocalRelay> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(CONFIG);
  if (main === undefined) throw new Error('wrangler.toml names no main');
  const bindings = { ...workerOptions.bindings, ...localSettings(options.settings), ...given(options.settings) };
  const domains = localDomains(String(bindings.RELAY_DOMAINS ?? ''), port);
  const vars = { ...bindings, RELAY_DOMAINS: domains.join(' ') };
  const settings = parseSettings(vars);
  if (!settings.ok) throw new Error(`settings: ${settings.error}`);
  const contents = await (options.bundle ?? bundleWorker)(main);
  const miniflare = keepingSignals(
    () =>
      new Miniflare({
        host: '127.0.0.1',
        port: options.direct ? 0 : port,
        workers: [
          {
            ...workerOptions,
            name: NAME,
            ...(options.direct ? { unsafeDirectSockets: [{ host: '127.0.0.1', port }] } : {}),
            bindings: vars,
            modules: [{ type: 'ESModule', path: 'relay.js', contents }],
          },
          watcherDoor(NAME),
        ],
        ...(options.inspect === undefined ? {} : { inspectorPort: options.inspect }),
        ...(options.persist === undefined ? {} : { defaultPersistRoot: options.persist }),
        ...storesIn(options.persist),
      }),
  );
  let endWatch: () => void;
  try {
    await miniflare.ready;
    endWatch = await keepWatch(miniflare);
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = () => {
    endWatch();
    closing ??= miniflare.dispose();
    return closing;
  };
  return {
    port,
    wsUrl: `ws://localhost:${port}`,
    httpUrl: `http://localhost:${port}`,
    domains,
    evict: (twin) => miniflare.unsafeEvictDurableObject(NAME, 'TwinObject', { name: String(twin) }),
    evictWatcher: () => miniflare.unsafeEvictDurableObject(NAME, 'ChainWatcher', { name: 'chain' }),
    watcherStatus: () => watcherStatus(miniflare),
    cached: async (key) => await (await miniflare.getKVNamespace('TWINS')).get(key, 'text'),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Miniflare ends the process on SIGINT and SIGTERM by itself, before anybody could clean up. Whoever starts a
 * relay decides that; on exit Miniflare still ends its workerd.
 */
function keepingSignals<T>(make: () => T): T {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  const made = make();
  signals.forEach((signal, index) => {
    for (const listener of process.listeners(signal)) if (!before[index]?.has(listener)) process.off(signal, listener);
  });
  return made;
}

/** A configured name stays first; a local relay is always found as localhost and 127.0.0.1, too. */
function localDomains(configured: string, port: number): string[] {
  return [...new Set([...configured.toLowerCase().split(/\s+/), `localhost:${port}`, `127.0.0.1:${port}`])].filter(
    Boolean,
  );
}

/** The neighbours of a local relay are on the same machine; whoever sets no operator's token reads its metrics. */
function localSettings({ OPERATOR_TOKEN }: RelaySettings): Record<string, string> {
  return { FEDERATION_PRIVATE: 'allow', METRICS: OPERATOR_TOKEN === undefined ? 'open' : 'closed' };
}

function given(settings: RelaySettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function storesIn(persist: string | undefined) {
  return persist === undefined
    ? { kvPersist: false, durableObjectsPersist: false }
    : { kvPersist: `${persist}/kv`, durableObjectsPersist: `${persist}/do` };
}
