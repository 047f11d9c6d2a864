import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { decodeEnvelope } from '../../../proto/envelope/envelope.ts';

/** How a relay that is not our software answers a POST; a number is a status with an empty body. */
export type Manner = number | 'hang' | 'reset' | 'trickle' | 'circle' | 'endless';

/** A POST that it received. */
interface Got {
  readonly uid: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Uint8Array;
}

/** A federating relay that behaves as a test wants it to, and keeps count. */
export interface OddRelay extends AsyncDisposable {
  readonly port: number;
  /** Its name, as its twins have it on chain. */
  readonly domain: string;
  readonly got: readonly Got[];
  /** The most requests that were under way at once. */
  readonly most: number;
  /** Requests under way. */
  readonly open: number;
  /** Delay of each answer (ms). */
  delay: number;
  /** Answers in this manner from now on. */
  become(manner: Manner): void;
}

/**
 * Starts one on a free port of 127.0.0.1. It answers in these manners, one after another; the last one goes on.
 * @param onOpen called for each request once all that ended before it is known to have ended
 */
export async function startOddRelay(
  manners: readonly [Manner, ...Manner[]] | Manner,
  onOpen: () => void = () => undefined,
): Promise<OddRelay> {
  const plan = [manners].flat();
  const got: Got[] = [];
  const sockets = new Set<Socket>();
  let [open, most] = [0, 0];
  const server = createServer(async (request, response) => {
    open += 1;
    void endsSeen().then(() => {
      most = Math.max(most, open);
      onOpen();
    });
    response.once('close', () => {
      open -= 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = new Uint8Array(Buffer.concat(chunks));
    const decoded = decodeEnvelope(bytes);
    got.push({ uid: decoded.ok ? decoded.value.uid : '', headers: request.headers, bytes });
    if (relay.delay > 0) await new Promise((resolve) => setTimeout(resolve, relay.delay));
    const [manner = 202] = plan;
    if (plan.length > 1) plan.shift();
    behave(manner, response, relay.domain);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const relay = {
    port,
    domain: `localhost:${port}`,
    got,
    get most() {
      return most;
    },
    get open() {
      return open;
    },
    delay: 0,
    become: (manner: Manner) => {
      plan.splice(0, plan.length, manner);
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}

/** Resolves when the event loop has seen the end of all that ended before now: a busy one reads several events at once. */
async function endsSeen(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function behave(manner: Manner, response: ServerResponse, domain: string): void {
  switch (manner) {
    case 'hang':
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'trickle': {
      // A byte of the head a second: it never ends in time.
      response.socket?.write('HTTP/1.1 202 Acc');
      const timer = setInterval(() => response.socket?.write('e'), 1000);
      response.once('close', () => clearInterval(timer));
      return;
    }
    case 'circle':
      response.writeHead(307, { location: `http://${domain}/` }).end();
      return;
    case 'endless': {
      response.writeHead(202);
      const timer = setInterval(() => response.write('more '), 10);
      response.once('close', () => clearInterval(timer));
      return;
    }
    default:
      response.writeHead(manner).end();
  }
}
