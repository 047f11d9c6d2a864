import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import { isOurAnswer, MAX_ANSWER_BYTES } from './json-rpc.ts';

/** Sends the call and waits for its answer, past other messages, as long as all of them together stay small. */
function exchange(socket: WebSocket, call: string, signal: AbortSignal): Promise<Result<string, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<string, string>>();
  let received = 0;
  socket.addEventListener('message', ({ data }) => {
    if (typeof data !== 'string') return resolve(err('it sent a binary message'));
    received += data.length;
    if (received > MAX_ANSWER_BYTES) return resolve(err(`it sent over ${MAX_ANSWER_BYTES} bytes`));
    if (isOurAnswer(data)) resolve(ok(data));
  });
  socket.addEventListener('close', ({ code }) => resolve(err(`it closed the connection (${code})`)));
  socket.addEventListener('error', () => resolve(err('the connection broke')));
  signal.addEventListener('abort', () => resolve(err('given up')));
  socket.accept();
  socket.send(call);
  return promise;
}

/**
 * One JSON-RPC call over a WebSocket of its own to a ws(s) URL (a socket belongs to the request that opened it, so
 * none can be kept for the next); the value is the answer's text, at most 64 KiB. Only in workerd. Never rejects;
 * ends when `signal` aborts.
 */
export async function callOverWebSocket(
  url: string,
  call: string,
  signal: AbortSignal,
): Promise<Result<string, string>> {
  try {
    // workerd dials by fetch, and fetch takes the http form of the URL only.
    const target = url.replace(/^ws/i, 'http');
    const response = await fetch(target, { headers: { upgrade: 'websocket' }, redirect: 'manual', signal });
    const socket = response.webSocket;
    if (socket === null) {
      await response.body?.cancel();
      return err(`HTTP status ${response.status} instead of a WebSocket`);
    }
    try {
      return await exchange(socket, call, signal);
    } finally {
      socket.close(1000);
    }
  } catch {
    return err('not reachable'); // the runtime's text may quote the URL, and a node's URL may hold a key
  }
}
