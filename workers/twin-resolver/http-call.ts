import type { RpcCall } from '../../proto/chain/json-rpc.ts';
import { encodeCall } from '../../proto/chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Connect } from './answers.ts';
import { Answers, tooLong } from './answers.ts';

/** Reads a body as text; undefined if it is over `most` bytes, of which the rest is not read. */
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

async function post(url: string, body: string, most: number, signal: AbortSignal): Promise<Result<string, string>> {
  try {
    const headers = { 'content-type': 'application/json' };
    // No redirect is followed: only the configured node is asked.
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`HTTP status ${response.status}`);
    }
    const text = await boundedText(response, most);
    return text === undefined ? err(tooLong(most)) : ok(text);
  } catch {
    return err('not reachable'); // The runtime's text may quote the URL, and a node's URL may hold a key.
  }
}

/** Encodes one call alone, which every node accepts, and several as a batch. */
function bodyOf(calls: readonly RpcCall[]): string {
  const texts = calls.map((call, place) => encodeCall(call, place + 1));
  return texts.length === 1 ? texts.join() : `[${texts.join()}]`;
}

/** Connects to an http(s) URL. Each `ask` is a POST. */
export const overHttp: Connect = async (url, signal, work) =>
  await work(async (calls, most) => {
    const text = await post(url, bodyOf(calls), most, signal);
    if (!text.ok) return text;
    const answers = new Answers(1, calls.length);
    answers.take(text.value);
    return answers.outcome ?? err('its answer is not JSON-RPC');
  });
