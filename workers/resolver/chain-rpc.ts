import { z } from 'zod';

/** A twin's record is a few hundred bytes; a node that answers with more is not believed. */
const MAX_ANSWER = 64 * 1024;

const answer = z.object({ id: z.literal(1), result: z.string().nullable() });

/** One end of a WebSocket that a fetch opened. */
interface ChainSocket {
  accept(): void;
  send(text: string): void;
  close(code: number, reason: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close' | 'error', listener: () => void): void;
}

/**
 * `state_getStorage` at the node's best block.
 * @param url of a node: http(s) or ws(s)
 * @returns the value in hex, null when nothing lies under the key
 * @throws when the node is out of reach, answers nonsense or an error, or when the signal fires
 */
export async function getStorage(url: string, key: string, signal: AbortSignal): Promise<string | null> {
  const question = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'state_getStorage', params: [key] });
  const text = /^wss?:/.test(url)
    ? await askSocket(url.replace(/^ws/, 'http'), question, signal)
    : await askHttp(url, question, signal);
  const parsed = answer.safeParse(parseJson(text));
  if (!parsed.success) throw new Error('answer is not what state_getStorage gives');
  return parsed.data.result;
}

async function askHttp(url: string, body: string, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`HTTP status ${response.status}`);
  }
  return readBounded(response);
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MAX_ANSWER) {
      await reader.cancel();
      throw new Error('answer too large');
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function askSocket(url: string, question: string, signal: AbortSignal): Promise<string> {
  const response: { status: number; webSocket?: ChainSocket | null } = await fetch(url, {
    headers: { upgrade: 'websocket' },
    signal,
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no WebSocket, HTTP status ${response.status}`);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string' && data.length <= MAX_ANSWER) resolve(data);
      else reject(new Error('answer too large, or not text'));
    });
    socket.addEventListener('close', () => reject(new Error('connection closed without an answer')));
    socket.addEventListener('error', () => reject(new Error('connection failed')));
    signal.addEventListener('abort', () => reject(new Error('no answer in time')));
    socket.accept();
    socket.send(question);
    return await promise;
  } finally {
    socket.close(1000, 'done');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
