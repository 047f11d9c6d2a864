import type { Log } from '../../client/ports.ts';
import type { Settings } from '../config/config.ts';
import { RELEASE } from '../config/release.ts';
import { versionPlugin } from '../plugin.ts';
import { loadPlugins } from './load-plugins.ts';
import { captureConsole, openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { type Peer, startPeer } from './peer.ts';
import { statusLine } from './readiness.ts';
import { serveStatus } from './status.ts';
import { beatOf, openNotify, Service } from './systemd.ts';

/**
 * Runs a peer until a signal stops it, and reports its state: log, status, systemd.
 * @param stopped resolves with the signal
 * @throws when the status address cannot be listened on, or a plugin cannot be loaded
 */
export async function runDaemon(settings: Settings, env: NodeJS.ProcessEnv, stopped: Promise<string>): Promise<void> {
  const log = openLog(settings.level, settings.secrets);
  captureConsole(log);
  log.info({ version: RELEASE, node: process.version }, 'starting');
  for (const warning of settings.warnings) log.warn({}, warning);
  const plugins = [...(await loadPlugins(settings.plugins)), versionPlugin];
  let peer: Peer | undefined;
  const state = () => peer?.state();
  const metrics = openMetrics(state);
  // No `AsyncDisposableStack`: Node 22 has none.
  const status = settings.status === undefined ? undefined : await serveStatus(settings.status, { state, metrics });
  const service = openService(env, log);
  try {
    if (status !== undefined) log.info({ url: status.url }, 'status: listening');
    peer = await startPeer(settings.peer, log, metrics.count, plugins);
    await run(settings, { peer, log, service, stopped });
  } finally {
    await service?.end();
    await status?.[Symbol.asyncDispose]();
  }
}

interface Running {
  readonly peer: Peer;
  readonly log: Log;
  readonly service: Service | undefined;
  readonly stopped: Promise<string>;
}

/** Reports the peer's state to systemd and the terminal until a signal comes; then closes the peer. */
async function run(settings: Settings, { peer, log, service, stopped }: Running): Promise<void> {
  const tell = () => service?.status(statusLine(peer.state()));
  const endTelling = peer.onChange(tell);
  tell();
  const isUp = await Promise.race([peer.ready.then(() => true), stopped.then(() => false)]);
  if (isUp) {
    service?.ready();
    tell();
    process.stdout.write(`${readyLine(settings, peer.state().twin)}\n`);
  }
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  service?.stopping();
  await peer.close();
  endTelling();
  log.info({}, 'stopped');
}

/** Returns the line that a working peer prints. */
function readyLine({ peer }: Settings, twin: number | undefined): string {
  const [redis, ...relays] = [peer.redis, ...peer.relays].map((url) => new URL(url).host);
  return `rmb-peer: twin ${twin} ready, redis ${redis}, relays ${relays.join(' ')}`;
}

function openService(env: NodeJS.ProcessEnv, log: Log): Service | undefined {
  const notify = openNotify(env);
  if (notify === undefined) return undefined;
  const service = new Service(notify, beatOf(env, process.pid), (error) =>
    log.warn({ error: String(error) }, 'systemd: cannot report the state of this service'),
  );
  service.begin();
  return service;
}
