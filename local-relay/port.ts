import { createServer } from 'node:net';

/** A port on 127.0.0.1 that was free a moment ago: the relay must know its own name before it listens. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => {
      if (address !== null && typeof address === 'object') resolve(address.port);
      else reject(new Error('no port of 127.0.0.1 is free'));
    });
  });
  return promise;
}
