import { once } from 'node:events';
import { createServer } from 'node:http';

const PAGE = '<!doctype html><title>test</title><script type="module" src="/script.js"></script>';

/**
 * Serves a page with a script, under a policy without unsafe-eval. It is on the loopback address, which counts as a
 * secure context: elsewhere there is no WebCrypto.
 * @param connect what the page may connect to, as a source of the policy; absent: nothing
 * @param files further scripts, by their path
 */
export async function servePage(
  script: string,
  connect = "'none'",
  files: Readonly<Record<string, string>> = {},
): Promise<{ url: string } & AsyncDisposable> {
  const scripts = new Map(Object.entries({ '/script.js': script, ...files }));
  const policy = `default-src 'none'; script-src 'self'; connect-src ${connect}`;
  const server = createServer((request, response) => {
    const found = scripts.get(request.url ?? '');
    response.setHeader('content-type', found === undefined ? 'text/html' : 'text/javascript');
    response.setHeader('content-security-policy', policy);
    response.end(found ?? PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
