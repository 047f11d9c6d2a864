import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { bundleWorker } from '../local-relay/bundle.ts';
import { freePort } from '../local-relay/port.ts';
import { type RelaySettings, startRelay } from '../local-relay/relay.ts';
import { childrenNamed, listenerOf } from './processes.ts';

/** A relay that is measured. */
export interface Contender {
  readonly name: string;
  /** What it cannot do is not asked of it. */
  readonly can: ReadonlySet<Ability>;
  /** Starts it fresh, or finds it running. */
  start(settings?: RelaySettings): Promise<Running & AsyncDisposable>;
}

/** `signatures`: what other relays bring is checked. */
export type Ability = 'pairs' | 'fan-in' | 'mailbox' | 'federation' | 'signatures' | 'idle';

/** A relay at work. */
export interface Running {
  readonly url: string;
  /** The processes whose time and memory it costs; none when they run elsewhere. */
  readonly pids: readonly number[];
  /** A session must prove who it is. */
  readonly checksTokens: boolean;
}

/** Limits are on, but so high that the load stays below them: they are reckoned with, and hold nobody up. */
const LIMITED = { RATE_LIMIT_MESSAGES: '10000000', RATE_LIMIT_BYTES: String(2 ** 40) };

/** Our relay with everything on, on workerd, without Miniflare's front (Cloudflare has none). */
export function product(chainUrl: string, inspect?: number): Contender {
  return {
    name: 'ours',
    can: new Set<Ability>(['pairs', 'fan-in', 'mailbox', 'federation', 'signatures', 'idle']),
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

/** The yardstick of bare.workerd.ts. */
export function bare(inspect?: number): Contender {
  return {
    name: 'bare worker',
    can: new Set<Ability>(['pairs', 'fan-in', 'idle']),
    start: async () => {
      const own = ownWorkerd();
      const port = await freePort();
      const contents = await bundleWorker(fileURLToPath(new URL('./bare.workerd.ts', import.meta.url)));
      const miniflare = new Miniflare({
        host: '127.0.0.1',
        port: 0,
        ...(inspect === undefined ? {} : { inspectorPort: inspect }),
        name: 'bare',
        compatibilityDate: '2026-07-01',
        compatibilityFlags: ['no_web_socket_compression'],
        modules: [{ type: 'ESModule', path: 'bare.js', contents }],
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
 * A relay that runs already, and knows the bench's twins (`npm run bench:chain`).
 * @param beside other processes that work for it, its Redis say
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

/** Call it before a workerd is started: the answer tells, afterwards, which ones are new. */
function ownWorkerd(): () => number[] {
  const before = new Set(childrenNamed('workerd'));
  return () => childrenNamed('workerd').filter((pid) => !before.has(pid));
}
