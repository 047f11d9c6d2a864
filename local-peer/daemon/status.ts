import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemFault } from '../../client/system-fault.ts';
import { RELEASE } from '../config/release.ts';
import type { Metrics } from './metrics.ts';
import { isReady, missingParts } from './readiness.ts';
import type { PeerState } from './state.ts';

/** Source of the status. */
export interface StatusSource {
  /** Undefined before there is a peer. */
  state(): PeerState | undefined;
  readonly metrics: Metrics;
}

/** A running status server. */
export interface StatusServer extends AsyncDisposable {
  readonly url: string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves /healthz (the process runs), /readyz (the peer works) and /metrics.
 * @throws naming --status when the address cannot be listened on
 */
export async function serveStatus(
  address: { readonly host: string; readonly port: number },
  source: StatusSource,
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    void answerTo(request, source).then((answer) => send(request, response, answer));
  });
  const { host } = address;
  const name = host.includes(':') ? `[${host}]` : host;
  server.listen(address.port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = systemFault(error) ?? 'unknown reason';
    throw new Error(`--status: ${name}:${address.port} cannot be listened on: ${why}`);
  }
  const bound = server.address();
  const port = bound === null || typeof bound === 'string' ? address.port : bound.port;
  return {
    url: `http://${name}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answerTo({ method, url = '/' }: IncomingMessage, source: StatusSource): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'GET or HEAD' });
  switch (url.split('?')[0]) {
    case '/healthz':
      return json(200, { alive: true, version: RELEASE, uptime: Math.floor(process.uptime()) });
    case '/readyz':
      return readiness(source.state());
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await source.metrics.write() };
    default:
      return json(404, { error: 'there are /healthz, /readyz and /metrics' });
  }
}

function readiness(state: PeerState | undefined): Answer {
  if (state === undefined) return json(503, { ready: false, twin: null, stopping: false, clockSkew: null, notUp: [] });
  const { twin = null, isStopping: stopping, clockSkew = null } = state;
  const ready = isReady(state);
  return json(ready ? 200 : 503, { ready, twin, stopping, clockSkew, notUp: missingParts(state) });
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : body);
}
