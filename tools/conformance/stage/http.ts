import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { within } from './session.ts';
import type { Subject } from './stage.ts';

/** An answer of a relay over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly bytes: Uint8Array;
  readonly headers: IncomingHttpHeaders;
}

export interface HttpQuestion {
  readonly method?: string;
  /** It is sent unchanged: a URL class would repair an intended fault. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
}

/** Sends a request and resolves with the answer; an accepted upgrade is dropped at once. */
export async function ask(subject: Subject, question: HttpQuestion): Promise<HttpAnswer> {
  const { protocol, hostname, port } = new URL(subject.httpUrl);
  const { method = 'GET', path, headers = {}, body } = question;
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  const outgoing = send({ hostname, port, path, method, headers: Object.fromEntries(given), agent: false });
  outgoing.on('error', reject);
  outgoing.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode ?? 0, body: '', bytes: new Uint8Array(0), headers: response.headers });
  });
  outgoing.on('response', (response) => {
    bodyOf(response).then(
      (bytes) =>
        resolve({ status: response.statusCode ?? 0, body: bytes.toString(), bytes, headers: response.headers }),
      reject,
    );
  });
  outgoing.end(body);
  return within(promise, `answer to ${method} ${path.slice(0, 20)}`, subject.patience);
}

/** Returns the headers of a WebSocket upgrade; `other` replaces or, with undefined, removes some. */
export function upgradeHeaders(other: HttpQuestion['headers'] = {}): Readonly<Record<string, string | undefined>> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...other,
  };
}

const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/**
 * Returns status and body in a line. JSON of the form `{ error: { code, message } }` becomes one name when its message
 * contains the reference's text: this intended difference then reads the same for every refusal.
 */
export function statusLine({ status, body }: Pick<HttpAnswer, 'status' | 'body'>, text: string): string {
  const said = inJson(body)?.includes(text) ? JSON_FORM : body;
  return `${status} ${said}`.trimEnd();
}

/** The name that `statusLine` gives to a refusal in JSON with the reference's text. */
export const JSON_FORM = 'in JSON';

function inJson(body: string): string | undefined {
  try {
    return refusal.safeParse(JSON.parse(body)).data?.error.message;
  } catch {
    return undefined; // plain text, as the Rust relay answers
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks);
}
