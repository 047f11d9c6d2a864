import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { bundleWorker } from '../../local-relay/bundle.ts';
import { freePort } from '../../local-relay/port.ts';
import { type RelaySettings, startRelay } from '../../local-relay/relay.ts';
import { childrenNamed, listenerOf } from './processes.ts';

/** A measured relay. */
export interface Contender {
  readonly name: string;
  /** Works that it cannot do are skipped. */
  readonly can: ReadonlySet<Ability>;
  /** Starts it fresh, or uses a running one. */
  start(settings?: RelaySettings): Promise<Running & AsyncDisposable>;
}

/** `signatures`: envelopes of other relays are verified. */
export type Ability = 'pairs' | 'fan-in' | 'mailbox' | 'federation' | 'batches' | 'signatures' | 'idle';

/** A running relay. */
export interface Running {
  readonly url: string;
  /** The processes whose time and memory count; empty when they run elsewhere. */
  readonly pids: readonly number[];
  /** Whether a session needs a valid token. */
  readonly checksTokens: boolean;
}

/** Limits are on, and so high that they are counted and never reached. */
export const LIMITED = { RATE_LIMIT_MESSAGES: '10000000', RATE_LIMIT_BYTES: String(2 ** 40) };

/** Returns the relay with everything on, on workerd, without Miniflare's front (Cloudflare has none). */
export function product(chainUrl: string, inspect?: number): Contender {
  return {
    name: 'RMB edge',
    can: new Set<Ability>(['pairs', 'fan-in', 'mailbox', 'federation', 'batches', 'signatures', 'idle']),
    start: async (settings = {}) => {
      const own = ownWorkerd();
      const relay = await startRelay({
        direct: true,
        ...(inspect === undefined ? {} : { inspect }),
        settings: { SUBSTRATE_URLS: chainUrl, RELAY_DOMAINS: 'localhost', ...LIMITED, ...settings },
      });
      return {
        url: `ws://127.0.0.1:${relay.port}`,
        pids: own(),
        checksTokens: true,
        [Symbol.asyncDispose]: () => relay.close(),
      };
    },
  };
}

/** Returns the yardstick of bare.workerd.ts. */
export function bare(inspect?: number): Contender {
  return {
    name: 'bare worker',
    can: new Set<Ability>(['pairs', 'fan-in', 'idle']),
    start: async () => {
      const own = ownWorkerd();
      const port = await freePort();
      const modules = await bundleWorker(fileURLToPath(new URL('./bare.workerd.ts', import.meta.url)));
      const miniflare = new Miniflare({
        host: '127.0.0.1',
        port: 0,
        ...(inspect === undefined ? {} : { inspectorPort: inspect }),
        name: 'bare',
        compatibilityDate: '2026-07-01',
        compatibilityFlags: ['no_web_socket_compression'],
        modules,
        durableObjects: { TWIN: { className: 'BareTwin', useSQLite: true } },
        durableObjectsPersist: false,
        unsafeDirectSockets: [{ host: '127.0.0.1', port }],
      });
      await miniflare.ready;
      return {
        url: `ws://127.0.0.1:${port}`,
        pids: own(),
        checksTokens: false,
        [Symbol.asyncDispose]: () => miniflare.dispose(),
      };
    },
  };
}

/**
 * Returns a running relay that knows the benchmark's twins (`npm run bench:chain`).
 * @param beside its other processes, for example its Redis
 */
export function remote(name: string, url: string, beside: readonly number[]): Contender {
  const { hostname, port } = new URL(url);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const listener = isHere ? listenerOf(Number(port || 80)) : undefined;
  return {
    name,
    can: new Set<Ability>(['pairs', 'fan-in', 'mailbox', 'federation', 'idle']),
    start: async () => ({
      url: url.replace(/\/$/, ''),
      pids: listener === undefined ? [] : [listener, ...beside],
      checksTokens: true,
      [Symbol.asyncDispose]: async () => {},
    }),
  };
}

/** Call this before a workerd starts. Returns a function that finds the processes started since then. */
function ownWorkerd(): () => number[] {
  const before = new Set(childrenNamed('workerd'));
  return () => childrenNamed('workerd').filter((pid) => !before.has(pid));
}
