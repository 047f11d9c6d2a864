import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';

/** How a relay answers a POST: a status, no answer, a broken connection, or bytes that are not HTTP. */
export type Behaviour = number | 'hangs' | 'resets' | 'babbles';

/** A POST that reached the relay. */
interface Posted {
  readonly uid: string;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** Key and certificate, PEM: the Rust relay posts over TLS only. */
export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** Another relay with the behaviour that a case sets; without one it answers 202. */
export interface FakeRelay extends AsyncDisposable {
  /** host:port, as on chain. */
  readonly domain: string;
  /** Sets the answers to POSTs of this uid, one after another; the last one repeats. */
  behave(uid: string, ...behaviours: readonly [Behaviour, ...Behaviour[]]): void;
  /** Returns the POSTs of this uid so far. */
  posts(uid: string): readonly Posted[];
  /** Resolves at the nth POST of this uid. */
  posted(uid: string, nth: number): Promise<Posted>;
  /** Makes its port refuse connections until it opens again. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** Starts a fake relay on `domain`, a host:port of this machine. */
export async function startFakeRelay(domain: string, tls?: Tls): Promise<FakeRelay> {
  const plans = new Map<string, Behaviour[]>();
  const received: Posted[] = [];
  const waiting = new Set<() => void>();
  const posts = (uid: string) => received.filter((each) => each.uid === uid);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const decoded = decodeEnvelope(body);
    const uid = decoded.ok ? decoded.value.uid : '';
    received.push({ uid, method: request.method ?? '', path: request.url ?? '', body });
    for (const wake of waiting) wake();
    const plan = plans.get(uid) ?? [202];
    const [behaviour = 202] = plan;
    if (plan.length > 1) plan.shift();
    act(behaviour, response);
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch(() => response.destroy());
  };
  let server = await listen(domain, answer, tls);
  const shut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    domain,
    behave: (uid, ...behaviours) => void plans.set(uid, [...behaviours]),
    posts,
    posted: async (uid, nth) => {
      for (;;) {
        const post = posts(uid)[nth - 1];
        if (post !== undefined) return post;
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    shut,
    open: async () => {
      if (!server.listening) server = await listen(domain, answer, tls);
    },
    [Symbol.asyncDispose]: shut,
  };
}

function act(behaviour: Behaviour, response: ServerResponse): void {
  switch (behaviour) {
    case 'hangs':
      return;
    case 'resets':
      response.destroy();
      return;
    case 'babbles':
      response.socket?.end('this is no HTTP\r\n\r\n');
      return;
    default:
      response.writeHead(behaviour).end();
  }
}

async function listen(
  domain: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  tls: Tls | undefined,
): Promise<Server> {
  const { hostname, port } = new URL(`http://${domain}`);
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  server.listen(Number(port) || (tls === undefined ? 80 : 443), hostname);
  await once(server, 'listening');
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
