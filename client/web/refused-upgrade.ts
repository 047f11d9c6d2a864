import { hideSecrets } from '../mask.ts';
import { type Explanation, explanationOf } from './refusal-text.ts';

/** A relay that is well answers in this time; a silent one must not hold up the next attempt, ms. */
const ANSWER_MS = 5_000;
/** No answer of a relay is longer; more of it is not read, bytes. */
const MAX_ANSWER_BYTES = 8_192;

/**
 * Asks a relay why an upgrade failed, because a browser hides the answer to an upgrade: `POST /check` with the token as
 * the body, so that no URL has it. A plain text needs no preflight.
 * @param url ws(s)://host[:port]/?TOKEN, of the upgrade
 * @returns undefined if the relay does not answer, does not know this page, or may not be asked (policy of the page)
 */
export async function askWhy(url: string, signal: AbortSignal): Promise<Explanation | undefined> {
  const { protocol, host, search } = new URL(url);
  const token = search.slice(1);
  try {
    const response = await fetch(`${protocol === 'wss:' ? 'https' : 'http'}://${host}/check`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: token,
      // A token is for this relay alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    const why = explanationOf(response.status, await textOf(response));
    return why && { ...why, detail: hideSecrets(why.detail, [token]) };
  } catch {
    // The browser says no more than "failed". Its error is not kept: another host's may quote the request.
    return undefined;
  }
}

/** Resolves with the beginning of a body. */
async function textOf({ body }: Response): Promise<string> {
  if (body === null) return '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < MAX_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}
