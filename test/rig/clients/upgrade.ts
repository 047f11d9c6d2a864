import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';

/** The answer of a relay to an upgrade. */
interface Answer {
  readonly status: number;
  /** The reason of a refusal, as the relay gives it. */
  readonly error: { readonly [name: string]: unknown } | undefined;
  readonly headers: Record<string, unknown>;
}

const refusal = z.object({ error: z.record(z.string(), z.unknown()) });

/** Sends a WebSocket upgrade by hand, so that any part of it may be wrong; answers what the relay said. */
export async function upgrade(
  httpUrl: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string | undefined> } = {},
): Promise<Answer> {
  const all: Record<string, string | undefined> = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // path goes out as it is: a URL class would mend what a test means to break.
  const { hostname, port } = new URL(httpUrl);
  const outgoing = request({ hostname, port, path, method, headers: Object.fromEntries(given) });
  outgoing.on('error', reject);
  outgoing.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode ?? 0, error: undefined, headers: response.headers });
  });
  outgoing.on('response', async (response: IncomingMessage) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const { error } = refusal.parse(JSON.parse(Buffer.concat(chunks).toString()));
    resolve({ status: response.statusCode ?? 0, error, headers: response.headers });
  });
  outgoing.end();
  return promise;
}
