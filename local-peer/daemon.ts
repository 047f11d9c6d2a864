import type { Settings } from './config.ts';
import { captureConsole, openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { type Peer, startPeer } from './peer.ts';
import type { Log } from './ports.ts';
import { statusLine } from './readiness.ts';
import { RELEASE } from './release.ts';
import { serveStatus } from './status.ts';
import { beatOf, openNotify, Service } from './systemd.ts';

/**
 * Runs a peer until it is told to stop, and shows how it does: log, status, systemd.
 * @param stopped resolves when it shall stop
 * @throws when the status address cannot be had
 */
export async function runDaemon(settings: Settings, env: NodeJS.ProcessEnv, stopped: Promise<string>): Promise<void> {
  const log = openLog(settings.level, settings.secrets);
  captureConsole(log);
  log.info({ version: RELEASE, node: process.version }, 'starting');
  for (const warning of settings.warnings) log.warn({}, warning);
  let peer: Peer | undefined;
  const state = () => peer?.state();
  const metrics = openMetrics(state);
  await using stack = new AsyncDisposableStack();
  if (settings.status !== undefined) {
    const { url } = stack.use(await serveStatus(settings.status, { state, metrics }));
    log.info({ url }, 'status: listening');
  }
  const service = openService(env, log);
  stack.defer(() => service?.end());
  peer = await startPeer(settings.peer, log, metrics.count);
  const tell = () => {
    if (peer !== undefined) service?.status(statusLine(peer.state()));
  };
  stack.defer(peer.onChange(tell));
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
  log.info({}, 'stopped');
}

/** The line that says to whoever started it that it works. */
function readyLine({ peer }: Settings, twin: number | undefined): string {
  const [redis, ...relays] = [peer.redis, ...peer.relays].map((url) => new URL(url).host);
  return `rmb-peer: twin ${twin} ready, redis ${redis}, relays ${relays.join(' ')}`;
}

function openService(env: NodeJS.ProcessEnv, log: Log): Service | undefined {
  const notify = openNotify(env);
  if (notify === undefined) return undefined;
  const service = new Service(notify, beatOf(env, process.pid), (error) =>
    log.warn({ error: String(error) }, 'systemd: cannot be told how this service does'),
  );
  service.begin();
  return service;
}
