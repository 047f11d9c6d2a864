import { encodeCall } from '../../proto/chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask, Connect } from './answers.ts';
import { Answers, tooLong } from './answers.ts';

/** The answers that a call waits for. */
interface Waiting {
  readonly answers: Answers;
  readonly most: number;
  readonly done: (outcome: Result<readonly unknown[], string>) => void;
  received: number;
}

/** Asks over an open socket, one `ask` after the other. Other messages of the node are ignored. */
function askOver(socket: WebSocket, signal: AbortSignal): Ask {
  let waiting: Waiting | undefined;
  let broken: string | undefined;
  let nextId = 1;
  const end = (fault: string) => {
    broken ??= fault;
    waiting?.done(err(broken));
  };
  socket.addEventListener('message', ({ data }) => {
    if (waiting === undefined) return;
    if (typeof data !== 'string') return end('it sent a binary message');
    waiting.received += data.length;
    if (waiting.received > waiting.most) return end(tooLong(waiting.most));
    waiting.answers.take(data);
    const { outcome } = waiting.answers;
    if (outcome !== undefined) waiting.done(outcome);
  });
  socket.addEventListener('close', ({ code }) => end(`it closed the connection (${code})`));
  socket.addEventListener('error', () => end('the connection broke'));
  signal.addEventListener('abort', () => end('given up'));
  socket.accept();
  return async (calls, most) => {
    if (broken !== undefined) return err(broken);
    const { promise, resolve } = Promise.withResolvers<Result<readonly unknown[], string>>();
    waiting = { answers: new Answers(nextId, calls.length), most, done: resolve, received: 0 };
    try {
      for (const call of calls) {
        socket.send(encodeCall(call, nextId));
        nextId += 1;
      }
    } catch {
      end('the connection broke');
    }
    const outcome = await promise;
    waiting = undefined;
    return outcome;
  };
}

async function dial(url: string, signal: AbortSignal): Promise<Result<WebSocket, string>> {
  try {
    // workerd connects by fetch, which takes only the http form of the URL.
    const target = url.replace(/^ws/i, 'http');
    const response = await fetch(target, { headers: { upgrade: 'websocket' }, redirect: 'manual', signal });
    if (response.webSocket !== null) return ok(response.webSocket);
    await response.body?.cancel();
    return err(`HTTP status ${response.status} instead of a WebSocket`);
  } catch {
    return err('not reachable'); // The runtime's text may quote the URL, and a node's URL may hold a key.
  }
}

/**
 * Connects to a ws(s) URL, with a new WebSocket for each piece of work: a socket belongs to the request that opened it.
 * Calls do not wait for each other. Works only in workerd.
 */
export const overWebSocket: Connect = async (url, signal, work) => {
  const socket = await dial(url, signal);
  if (!socket.ok) return socket;
  try {
    return await work(askOver(socket.value, signal));
  } finally {
    socket.value.close(1000);
  }
};
