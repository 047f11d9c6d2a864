import { encodeCall } from '../../chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Ask, Connect } from './answers.ts';
import { Answers } from './answers.ts';

/** The answers that are waited for. */
interface Waiting {
  readonly answers: Answers;
  readonly most: number;
  readonly done: (outcome: Result<readonly unknown[], string>) => void;
  received: number;
}

/** Asks over an open socket, one `ask` after the other; the answers to one are told from all else that comes. */
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
    if (waiting.received > waiting.most) return end(`it sent over ${waiting.most} bytes`);
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
    // workerd dials by fetch, and fetch takes the http form of the URL only.
    const target = url.replace(/^ws/i, 'http');
    const response = await fetch(target, { headers: { upgrade: 'websocket' }, redirect: 'manual', signal });
    if (response.webSocket !== null) return ok(response.webSocket);
    await response.body?.cancel();
    return err(`HTTP status ${response.status} instead of a WebSocket`);
  } catch {
    return err('not reachable'); // the runtime's text may quote the URL, and a node's URL may hold a key
  }
}

/**
 * A ws(s) URL: a WebSocket of its own for each piece of work (a socket belongs to the request that opened it, so none
 * can be kept for the next), its calls sent without waiting for each other. Only in workerd.
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
