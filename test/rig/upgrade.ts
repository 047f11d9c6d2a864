import { request } from 'node:http';

/** Sends a WebSocket upgrade by hand, so that any part of it may be wrong; answers what the relay said. */
export async function upgrade(
  httpUrl: string,
  path: string,
  { method = 'GET', headers = {} as Record<string, string | undefined> } = {},
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const all: Record<string, string | undefined> = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    body: string;
    headers: Record<string, unknown>;
  }>();
  // path goes out as it is: a URL class would mend what a test means to break.
  const { hostname, port } = new URL(httpUrl);
  const outgoing = request({ hostname, port, path, method, headers: Object.fromEntries(given) });
  outgoing.on('error', reject);
  outgoing.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode ?? 0, body: '', headers: response.headers });
  });
  outgoing.on('response', async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: response.headers });
  });
  outgoing.end();
  return promise;
}
