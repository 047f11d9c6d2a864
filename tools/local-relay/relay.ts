import { fileURLToPath } from 'node:url';
import { Miniflare, type ModuleDefinition } from 'miniflare';
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';
import { z } from 'zod';
import type { WatcherStatus } from '../../durable-objects/contract.ts';
import { parseSettings } from '../../durable-objects/settings.ts';
import { bundleWorker } from './bundle.ts';
import { freePort } from './port.ts';
import { keepWatch, watcherDoor, watcherStatus } from './watcher.ts';

const CONFIG = fileURLToPath(new URL('../../wrangler.toml', import.meta.url));

/** The name by which Miniflare finds the objects' class. */
const NAME = 'relay';

/** Variables of wrangler.toml, by name; an absent one keeps its value from there. */
export type RelaySettings = Readonly<Record<string, string | undefined>>;

/** A running relay on this machine. */
export interface LocalRelay extends AsyncDisposable {
  readonly port: number;
  readonly wsUrl: string;
  readonly httpUrl: string;
  /** The names under which twins have this relay on chain. */
  readonly domains: readonly string[];
  /**
   * Hibernates a twin's object at once: its memory is gone, its sockets stay. The platform does so after ten idle
   * seconds; Miniflare interrupts its work.
   */
  evict(twin: number): Promise<void>;
  /** Hibernates the chain watcher's object. */
  evictWatcher(): Promise<void>;
  /** Resolves with the progress of the chain watcher. */
  watcherStatus(): Promise<WatcherStatus>;
  /** Resolves with the value of a key in the cache of twins. */
  cached(key: string): Promise<string | null>;
  close(): Promise<void>;
}

/** What a Worker needs beside its modules. */
export interface WorkerConfig {
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
  readonly bindings: Record<string, string>;
  readonly durableObjects: Record<string, { className: string; useSQLite: boolean }>;
  readonly kvNamespaces: Record<string, { id: string }>;
}

/** Options of `startRelay`. */
interface RelayOptions {
  readonly port?: number;
  readonly persist?: string;
  readonly direct?: boolean;
  readonly inspect?: number;
  readonly strangers?: number;
  readonly settings: RelaySettings;
  readonly bundle?: (entry: string) => Promise<ModuleDefinition[]>;
  readonly config?: WorkerConfig;
}

/** Attempts to find a port that is still free when workerd starts. */
const MOST_TRIES = 5;

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ADDRESS_IN_USE';
}

/**
 * Runs the Worker of wrangler.toml on workerd, on 127.0.0.1. Throws when a setting is invalid, naming it, or when the
 * port is in use.
 * @param options.port 0 or absent: any free port
 * @param options.persist directory for storage that outlives the process; absent: memory
 * @param options.direct without Miniflare's front, which costs as much as a whole request; a port in use then hangs
 *   instead of throwing, so this is only for benchmarks
 * @param options.inspect port of workerd's inspector; absent: none
 * @param options.strangers charges of one address in a minute; absent: any number, as all clients have the same address
 * @param options.bundle returns the Worker's modules for its entry; absent: as a deploy does
 * @param options.config of another version; absent: that of wrangler.toml
 */
export async function startRelay(options: RelayOptions): Promise<LocalRelay> {
  if (options.port) return await startOn(options.port, options);
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOn(await freePort(), options);
    } catch (error) {
      // Another program took the port before workerd listened: try the next one.
      if (tries === MOST_TRIES || !isPortTaken(error)) throw error;
    }
  }
}

async function startOn(port: number, options: RelayOptions): Promise<LocalRelay> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(CONFIG);
  if (main === undefined) throw new Error('wrangler.toml has no main');
  const configured = { ...workerOptions.bindings, ...options.config?.bindings };
  const bindings = { ...configured, ...localSettings(options.settings), ...given(options.settings) };
  const domains = localDomains(String(bindings.RELAY_DOMAINS ?? ''), port);
  const vars = { ...bindings, RELAY_DOMAINS: domains.join(' ') };
  const settings = parseSettings(vars);
  if (!settings.ok) throw new Error(`settings: ${settings.error}`);
  const modules = await (options.bundle ?? bundleWorker)(main);
  const miniflare = keepingSignals(
    () =>
      new Miniflare({
        host: '127.0.0.1',
        port: options.direct ? 0 : port,
        workers: [
          {
            ...workerOptions,
            ...options.config,
            name: NAME,
            ...(options.direct ? { unsafeDirectSockets: [{ host: '127.0.0.1', port }] } : {}),
            bindings: vars,
            ratelimits: localLimits(options.strangers),
            modules,
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
 * Returns what `make` returns, and removes the signal handlers that it added: Miniflare's end the process before its
 * caller can clean up. On exit Miniflare still ends its workerd.
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

/** Returns the relay's names: the configured ones first, then localhost and 127.0.0.1. */
function localDomains(configured: string, port: number): string[] {
  return [...new Set([...configured.toLowerCase().split(/\s+/), `localhost:${port}`, `127.0.0.1:${port}`])].filter(
    Boolean,
  );
}

/**
 * Defaults of a local relay: other relays are on this machine, twins may send as much as they can, and metrics are open
 * without an operator's token.
 */
function localSettings({ OPERATOR_TOKEN }: RelaySettings): Record<string, string> {
  return {
    RATE_LIMIT_MESSAGES: '0',
    RATE_LIMIT_BYTES: '0',
    FEDERATION_PRIVATE: 'allow',
    METRICS: OPERATOR_TOKEN === undefined ? 'open' : 'closed',
  };
}

const rateLimits = z.array(
  z.object({ name: z.string(), namespace_id: z.string(), simple: z.object({ period: z.literal([10, 60]) }) }),
);

/** Returns the rate limits of wrangler.toml, with another limit. */
function localLimits(limit = Number.MAX_SAFE_INTEGER) {
  const { ratelimits } = unstable_readConfig({ config: CONFIG });
  return Object.fromEntries(
    rateLimits
      .parse(ratelimits)
      .map(({ name, namespace_id, simple }) => [name, { namespace_id, simple: { ...simple, limit } }]),
  );
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
