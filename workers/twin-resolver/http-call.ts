import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import { MAX_ANSWER_BYTES } from './json-rpc.ts';

/** Reads a body as text; undefined as soon as it is longer than `most` bytes: the rest is not read. */
async function boundedText(response: Response, most: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of response.body) {
    const bytes: Uint8Array = chunk;
    length += bytes.length;
    if (length > most) return undefined;
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * One JSON-RPC call by POST to a http(s) URL; the value is the answer's text, at most 64 KiB. No redirect is
 * followed: who configured a node named it. Never rejects; ends when `signal` aborts.
 */
export async function callOverHttp(url: string, call: string, signal: AbortSignal): Promise<Result<string, string>> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: call, redirect: 'manual', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`HTTP status ${response.status}`);
    }
    const text = await boundedText(response, MAX_ANSWER_BYTES);
    return text === undefined ? err(`its answer is over ${MAX_ANSWER_BYTES} bytes`) : ok(text);
  } catch {
    return err('not reachable'); // the runtime's text may quote the URL, and a node's URL may hold a key
  }
}
