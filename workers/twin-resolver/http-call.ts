import type { RpcCall } from '../../chain/json-rpc.ts';
import { encodeCall } from '../../chain/json-rpc.ts';
import type { Result } from '../../proto/result.ts';
import { err, ok } from '../../proto/result.ts';
import type { Connect } from './answers.ts';
import { Answers } from './answers.ts';

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

async function post(url: string, body: string, most: number, signal: AbortSignal): Promise<Result<string, string>> {
  try {
    const headers = { 'content-type': 'application/json' };
    // No redirect is followed: who configured a node named it.
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      return err(`HTTP status ${response.status}`);
    }
    const text = await boundedText(response, most);
    return text === undefined ? err(`its answer is over ${most} bytes`) : ok(text);
  } catch {
    return err('not reachable'); // the runtime's text may quote the URL, and a node's URL may hold a key
  }
}

/** One call goes out alone, as every node takes it; several as a batch. */
function bodyOf(calls: readonly RpcCall[]): string {
  const texts = calls.map((call, place) => encodeCall(call, place + 1));
  return texts.length === 1 ? texts.join() : `[${texts.join()}]`;
}

/** A http(s) URL: each `ask` is a POST. */
export const overHttp: Connect = async (url, signal, work) =>
  await work(async (calls, most) => {
    const text = await post(url, bodyOf(calls), most, signal);
    if (!text.ok) return text;
    const answers = new Answers(1, calls.length);
    answers.take(text.value);
    return answers.outcome ?? err('its answer is not JSON-RPC');
  });
