import { request } from 'node:http';
import type { LocalRelay } from '../../../tools/local-relay/relay.ts';

/** The answer of a relay to a POST. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** How a body is sent. */
interface Posting {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Whether the body comes in chunks, with no length before it. */
  readonly isChunked?: boolean;
}

/** POSTs a body as another relay does. */
export async function post(
  { relay }: { readonly relay: LocalRelay },
  body: Uint8Array,
  { path = '/', headers = {}, isChunked = false }: Posting = {},
): Promise<PostAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
  const length = isChunked ? {} : { 'content-length': String(body.length) };
  const options = { method: 'POST', headers: { ...length, ...headers } };
  const outgoing = request(`${relay.httpUrl}${path}`, options, async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: response.headers });
  });
  outgoing.on('error', reject);
  if (isChunked) outgoing.write(body.subarray(0, 10));
  outgoing.end(isChunked ? body.subarray(10) : body);
  return promise;
}
